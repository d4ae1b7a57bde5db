import type * as tf from "@tensorflow/tfjs";
import { nearestName } from "../../config/nearest-name.js";
import type { Random } from "../../engine/random/random.js";
import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import { countParameters, type Encoder, type EncoderSpec } from "../encoder.js";
import { encoderLayers, lastLayers, layerOf } from "./encoder-layers.js";
import { ProjectionHead } from "./projection-head.js";
import type { TailorSpec } from "./tailor-spec.js";

/** An encoder with frozen layers, a projection head, or both. Both sides share the head. */
export class TailoredEncoder implements Encoder {
  readonly kind: string;
  readonly outputDim: number;
  readonly weights: Record<string, tf.Variable>;
  readonly tables: Record<string, EmbeddingTable>;
  readonly parameterCount: number;
  readonly frozen: ReadonlySet<string>;
  readonly head: ProjectionHead | null;

  /**
   * @param base what it is made of, and disposed of with it
   * @param spec of the base, null where nobody knows it
   * @throws UserError for names of layers that there are none of
   */
  constructor(
    readonly base: Encoder,
    spec: EncoderSpec | null,
    { freeze, head }: Pick<TailorSpec, "freeze" | "head">,
    random: Random,
  ) {
    this.kind = base.kind;
    this.head = head && new ProjectionHead(base.outputDim, head.outputDim, head.numLayers, random);
    this.outputDim = this.head?.outputDim ?? base.outputDim;
    this.weights = { ...base.weights, ...this.head?.weights };
    this.tables = base.tables;
    this.parameterCount = countParameters(this.weights, this.tables);
    this.frozen = new Set([
      ...(base.frozen ?? []),
      ...(this.head?.statistics ?? []),
      ...frozenNames(base, spec, freeze, this.head !== null),
    ]);
  }

  get training(): boolean {
    return this.base.training;
  }

  set training(value: boolean) {
    this.base.training = value;
  }

  embedQueries(batch: FeatureBatch): tf.Tensor2D {
    return this.projected(this.base.embedQueries(batch));
  }

  embedDocuments(batch: FeatureBatch): tf.Tensor2D {
    return this.projected(this.base.embedDocuments(batch));
  }

  randomState(): number[] | null {
    return this.base.randomState();
  }

  setRandomState(state: readonly number[]): void {
    this.base.setRandomState(state);
  }

  dispose(): void {
    this.base.dispose();
    for (const weight of Object.values(this.head?.weights ?? {})) weight.dispose();
  }

  private projected(embedded: tf.Tensor2D): tf.Tensor2D {
    return this.head ? this.head.apply(embedded, this.training) : embedded;
  }
}

/** Parameters of the layers that are to be frozen. */
function frozenNames(
  base: Encoder,
  spec: EncoderSpec | null,
  freeze: TailorSpec["freeze"],
  hasHead: boolean,
): string[] {
  if (freeze === false) return [];
  const layers = encoderLayers(base, spec);
  const names = layers.map(({ name }) => name);
  const wanted = freeze === true ? names.filter((name) => hasHead || !isLast(layers, name)) : freeze;
  const parameters = [...Object.keys(base.weights), ...Object.keys(base.tables)];
  if (freeze === true && !hasHead && wanted.length === 0)
    throw new UserError(`tailor: freeze must leave a layer before the last, got ${names.join(", ")} alone`);
  return wanted.flatMap((name) => {
    const found = parameters.filter(
      (parameter) => layerOf(parameter) === name || layerOf(parameter).startsWith(`${name}.`),
    );
    if (found.length > 0 || name === "bag") return found;
    const nearest = nearestName(name, names);
    throw new UserError(
      `tailor: freeze must name layers (${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}), got "${name}"${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  });
}

function isLast(layers: ReturnType<typeof encoderLayers>, name: string): boolean {
  return lastLayers(layers).some((layer) => layer.name === name);
}
