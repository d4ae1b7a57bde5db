import * as tf from "@tensorflow/tfjs";
import { graphLength } from "../../engine/jit/graph-length.js";
import { installWasmMatMul } from "../../engine/ops/wasm-matmul.js";
import { Random } from "../../engine/random/random.js";
import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../../features/batch.js";
import { padColumn } from "../../features/token-column.js";
import { UserError } from "../../files/user-error.js";
import { columnOf, countParameters, type Encoder, type EncoderSpec } from "../encoder.js";
import { checkArchitecture, wordTableName } from "./architecture.js";
import { BertModel } from "./bert-model.js";
import { pool, poolings } from "./pooling.js";
import { Dropout } from "./seeded-dropout.js";
import { installSharedIdentity } from "./shared-identity.js";
import type { NamedArrays, TransformerSpec } from "./transformer-spec.js";

/** BERT-type encoder of queries and documents; its side models are in {@link models}. */
export class TransformerEncoder implements Encoder {
  readonly kind = "Transformer";
  readonly outputDim: number;
  readonly weights: Record<string, tf.Variable> = {};
  readonly tables: Record<string, EmbeddingTable> = {};
  readonly parameterCount: number;
  /** names of weights and tables that training leaves alone */
  readonly frozen: ReadonlySet<string>;
  /** the same object twice if the sides are shared */
  readonly models: { query: BertModel; document: BertModel };
  private readonly dropout: Dropout;

  /** @throws RangeError for sizes that do not fit together, or initial weights that do not fit, all listed */
  constructor(
    readonly spec: TransformerSpec,
    random: Random,
  ) {
    checkArchitecture(spec.architecture);
    if (!poolings.includes(spec.pooling))
      throw new UserError(`unknown pooling "${spec.pooling}"; known: ${poolings.join(", ")}`);
    installWasmMatMul();
    installSharedIdentity();
    const { frozenLayers = 0, checkpointed = false, architecture } = spec;
    if (!Number.isInteger(frozenLayers) || frozenLayers < 0 || frozenLayers >= architecture.numHiddenLayers)
      throw new UserError(
        `transformer: frozenLayers must be an integer in [0, ${architecture.numHiddenLayers}), got ${frozenLayers}`,
      );
    const frozen = new Set<string>();
    this.frozen = frozen;
    this.outputDim = architecture.hiddenSize;
    this.dropout = new Dropout(random.fork("dropout"));
    const build = (prefix: string, generator: Random): BertModel => {
      const withPooler = spec.pooling === "pooler";
      const model = new BertModel(spec.architecture, generator, this.dropout, withPooler, `${prefix}words`, {
        checkpointed,
        frozenLayers,
      });
      for (const [name, weight] of Object.entries(model.weights)) {
        this.weights[prefix + name] = weight;
        if (model.isFrozen(name)) frozen.add(prefix + name);
      }
      if (model.isFrozen(wordTableName)) frozen.add(`${prefix}words`);
      this.tables[`${prefix}words`] = model.words;
      if (spec.initial) assignWeights(model, spec.initial);
      return model;
    };
    if (spec.sides === "shared") {
      const model = build("", random);
      this.models = { query: model, document: model };
    } else
      this.models = {
        query: build("query.", random.fork("query")),
        document: build("document.", random.fork("document")),
      };
    this.parameterCount = countParameters(this.weights, this.tables);
  }

  get training(): boolean {
    return this.dropout.active;
  }

  set training(value: boolean) {
    this.dropout.active = value;
  }

  embedQueries(batch: FeatureBatch): tf.Tensor2D {
    return this.embed("query", batch, this.spec.queryTextFeature);
  }

  embedDocuments(batch: FeatureBatch): tf.Tensor2D {
    return this.embed("document", batch, this.spec.documentTextFeature);
  }

  randomState(): number[] {
    return this.dropout.generator.state();
  }

  setRandomState(state: readonly number[]): void {
    this.dropout.generator = Random.fromState(state);
  }

  dispose(): void {
    for (const model of new Set(Object.values(this.models))) model.dispose();
  }

  private embed(side: "query" | "document", batch: FeatureBatch, feature: string): tf.Tensor2D {
    const { padId = 0, architecture } = this.spec;
    const tokens = padColumn(columnOf(batch, feature, "tokens"), padId, (longest) =>
      graphLength(longest, architecture.maxPositionEmbeddings),
    );
    const model = this.models[side];
    const hidden = model.forward(tokens);
    const mask = tf.tensor2d(Float32Array.from(tokens.mask), [tokens.size, tokens.length]);
    const pooled = pool(this.spec.pooling, hidden, mask, (first) => model.pooler(first), this.spec.gem);
    if (!this.spec.normalize) return pooled;
    return tf.div(pooled, tf.maximum(tf.norm(pooled, 2, 1, true), 1e-12));
  }
}

/**
 * Puts named arrays into a model; names beyond the model's are left alone.
 *
 * @throws RangeError listing every parameter that is missing or of another shape; nothing is changed then
 */
export function assignWeights(model: BertModel, values: NamedArrays): void {
  const shapes = new Map<string, readonly number[]>([[wordTableName, [model.words.rows, model.words.dim]]]);
  for (const [name, weight] of Object.entries(model.weights)) shapes.set(name, weight.shape);
  const misfits: string[] = [];
  for (const [name, shape] of shapes) {
    const value = values[name];
    if (!value) misfits.push(`${name} [${shape.join(", ")}] is missing`);
    else if (value.shape.join() !== shape.join())
      misfits.push(`${name} must be [${shape.join(", ")}], got [${value.shape.join(", ")}]`);
  }
  if (misfits.length > 0)
    throw new UserError(`transformer: weights must fit the architecture; ${misfits.join("; ")}`);
  model.words.setWeights(values[wordTableName]!.data);
  for (const [name, weight] of Object.entries(model.weights)) {
    const { data } = values[name]!;
    tf.tidy(() => weight.assign(tf.tensor(Float32Array.from(data), weight.shape)));
  }
}

/** The arrays of a model by Hugging Face's names (copies). */
export function namedWeights(model: BertModel): Record<string, { shape: number[]; data: Float32Array }> {
  const named: Record<string, { shape: number[]; data: Float32Array }> = {
    [wordTableName]: { shape: [model.words.rows, model.words.dim], data: model.words.weights },
  };
  for (const [name, weight] of Object.entries(model.weights))
    named[name] = { shape: weight.shape, data: weight.dataSync().slice() as Float32Array };
  return named;
}

/**
 * The encoder of kind "Transformer", see {@link EncoderSpec.transformer}.
 *
 * @throws RangeError if `transformer` is not given or does not fit together
 */
export function transformerEncoder(spec: EncoderSpec, random: Random): Encoder {
  if (!spec.transformer) throw new UserError("Transformer: transformer must be given, got undefined");
  return new TransformerEncoder(spec.transformer, random);
}
