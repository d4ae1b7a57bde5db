import type * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random/random.js";
import { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import { countParameters, type Encoder, type EncoderSpec, tableOptions } from "../encoder.js";
import { Tower } from "./tower.js";
import type { TowerSpec } from "./towers-spec.js";

/** Two towers over any features: text, categories, numbers, vectors, pictures, regions. */
class Towers implements Encoder {
  readonly kind = "Towers";
  training = false;
  readonly weights: Record<string, tf.Variable> = {};
  readonly tables: Record<string, EmbeddingTable> = {};
  readonly parameterCount: number;
  readonly outputDim: number;
  private readonly query: Tower;
  private readonly document: Tower;
  private readonly names: { query: string[]; document: string[] };
  private generator: Random;

  constructor(spec: EncoderSpec, random: Random) {
    const { towers, textEmbedding, outputDim } = spec;
    if (!towers) throw new UserError("Towers: towers must be given, got undefined");
    this.outputDim = outputDim;
    const namesOf = (tower: TowerSpec) => tower.features.map(({ feature }) => feature);
    this.names = { query: namesOf(towers.query), document: namesOf(towers.document) };
    if (towers.share && this.names.query.length !== this.names.document.length)
      throw new UserError(
        `Towers: shared towers must have as many features, got ${this.names.query.length} and ${this.names.document.length}`,
      );
    const text = new EmbeddingTable({
      ...tableOptions(textEmbedding),
      random,
      name: "text",
    });
    const sides = towers.share ? [towers.query] : [towers.query, towers.document];
    if (sides.some((side) => side.features.some(({ encoder }) => encoder.kind === "bag")))
      this.tables["text"] = text;
    else text.dispose();
    const parts = { outputDim, random, text, tables: this.tables, weights: this.weights };
    this.query = new Tower(towers.query, { ...parts, name: "query" });
    this.document = towers.share ? this.query : new Tower(towers.document, { ...parts, name: "document" });
    this.generator = random.fork("towers");
    this.parameterCount = countParameters(this.weights, this.tables);
  }

  embedQueries(batch: FeatureBatch): tf.Tensor2D {
    return this.query.embed(batch, this.names.query, this.training, this.generator);
  }

  embedDocuments(batch: FeatureBatch): tf.Tensor2D {
    return this.document.embed(batch, this.names.document, this.training, this.generator);
  }

  randomState(): number[] {
    return this.generator.state();
  }

  setRandomState(state: readonly number[]): void {
    this.generator = Random.fromState(state);
  }

  dispose(): void {
    for (const weight of Object.values(this.weights)) weight.dispose();
    for (const table of Object.values(this.tables)) table.dispose();
  }
}

/**
 * The encoder of kind "Towers", see {@link EncoderSpec.towers}.
 *
 * @throws RangeError for a tower without features, shared towers of different lengths, and sizes that do not fit
 */
export function towersEncoder(spec: EncoderSpec, random: Random): Encoder {
  return new Towers(spec, random);
}
