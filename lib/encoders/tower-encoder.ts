import type * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random/random.js";
import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import { countParameters, type Encoder } from "./encoder.js";
import type { Mlp } from "./mlp.js";

/** What the built-in encoders have in common: a query side and a document side over named towers and tables. */
export class TowerEncoder implements Encoder {
  training = false;
  readonly weights: Record<string, tf.Variable>;
  readonly parameterCount: number;

  /**
   * @param towers    the distinct towers (one if both sides share it)
   * @param query     embedding of the query side
   * @param document  embedding of the document side
   * @param generator what the sides draw random numbers from, if they do
   * @param frozen    names of tables that are not trained
   */
  constructor(
    readonly kind: string,
    readonly outputDim: number,
    readonly tables: Record<string, EmbeddingTable>,
    readonly towers: readonly Mlp[],
    private readonly query: (batch: FeatureBatch, training: boolean) => tf.Tensor2D,
    private readonly document: (batch: FeatureBatch, training: boolean) => tf.Tensor2D,
    private readonly generator: { current: Random } | null = null,
    readonly frozen: ReadonlySet<string> = new Set(),
  ) {
    this.weights = Object.assign({}, ...towers.map((tower) => tower.weights()));
    this.parameterCount = countParameters(this.weights, tables);
  }

  embedQueries(batch: FeatureBatch): tf.Tensor2D {
    return this.query(batch, this.training);
  }

  embedDocuments(batch: FeatureBatch): tf.Tensor2D {
    return this.document(batch, this.training);
  }

  randomState(): number[] | null {
    return this.generator?.current.state() ?? null;
  }

  setRandomState(state: readonly number[]): void {
    if (!this.generator) throw new UserError(`${this.kind}: draws no random numbers, got a generator state`);
    this.generator.current = Random.fromState(state);
  }

  dispose(): void {
    for (const weight of Object.values(this.weights)) weight.dispose();
    for (const table of Object.values(this.tables)) table.dispose();
  }
}
