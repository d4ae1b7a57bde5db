import type * as tf from "@tensorflow/tfjs";
import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { FeatureBatch, FeatureColumn } from "../features/batch.js";
import { UserError } from "../files/user-error.js";
import type { LayerStart } from "./mlp.js";
import type { TowersSpec } from "./modalities/towers-spec.js";
import type { TailorSpec } from "./tailor/tailor-spec.js";
import type { TransformerSpec } from "./transformer/transformer-spec.js";
import { weightedBag } from "./weighted-bag.js";

/** Maps feature batches to embeddings, one row each. Queries and documents may share any of the parameters. */
export interface Encoder {
  readonly kind: string;
  /** length of an embedding */
  readonly outputDim: number;
  /** dense parameters by name, e.g. "query.0.weight" [in, out] */
  readonly weights: Record<string, tf.Variable>;
  /** tables outside the tape by name, e.g. "text" [rows, dim] */
  readonly tables: Record<string, EmbeddingTable>;
  readonly parameterCount: number;
  /** names of weights and tables that optimisers are not given; absent: none */
  readonly frozen?: ReadonlySet<string>;
  /** true while training: switches dropout on */
  training: boolean;
  /** [batch.size, outputDim] */
  embedQueries(batch: FeatureBatch): tf.Tensor2D;
  /** [batch.size, outputDim] */
  embedDocuments(batch: FeatureBatch): tf.Tensor2D;
  /** State of the generator the encoder draws from (dropout), for checkpoints; null if it draws nothing. */
  randomState(): number[] | null;
  /** Continues from a state of {@link randomState}. */
  setRandomState(state: readonly number[]): void;
  /** Frees all weights and tables. */
  dispose(): void;
}

/** Size of an embedding table. */
export interface TableSpec {
  numEmbeddings: number;
  embeddingDim: number;
  /** standard deviation of the starting values; default 1/√embeddingDim */
  initialStd?: number;
}

/** The table of token embeddings. */
export interface TextTableSpec extends TableSpec {
  /** rows of tokens that no training text holds start at random (default) or at zero */
  untrainedRows?: "random" | "zero";
}

/**
 * How the rows of a bag count: all alike; by their inverse document frequency; by a number each that is trained, from 1 or
 * from the inverse document frequency on.
 */
export type TokenWeights = "uniform" | "idf" | "learned" | "learned_from_idf";

/** An encoder in plain data; which keys are read depends on `kind`. */
export interface EncoderSpec {
  kind: string;
  textEmbedding: TextTableSpec;
  outputDim: number;
  queryTextFeature: string;
  documentTextFeature: string;
  /** MultiModalTwoTower: name of the categorical feature and size of its table */
  documentCategoricalFeature?: string;
  categoryFeature?: TableSpec;
  /** SimpleTextEncoder, RegularizedSimpleTextEncoder: width of the hidden layer (default 128) */
  fcDim?: number;
  /** towers: widths of the hidden layers (default none) */
  hiddenLayers?: readonly number[];
  /** towers: end with a linear layer to outputDim; else outputDim is the last width. Default: see towerLayers */
  lastLinear?: boolean;
  /** towers: how the layers start (default "apart") */
  layerStart?: LayerStart;
  /** TwoTower, MultiModalTwoTower: a token table per side, "query_text" and "document_text", not one "text" for both */
  separateTables?: boolean;
  /** TwoTower, MultiModalTwoTower: how the rows of a bag count; default "uniform" */
  tokenWeights?: TokenWeights;
  /** RegularizedSimpleTextEncoder: probability of zeroing a pooled component in training (default 0.5) */
  dropout?: number;
  /** Towers: features, their encoders and their fusion on each side */
  towers?: TowersSpec;
  /** QueryBag: the documents' vectors, and how many numbers each has */
  documentVectorFeature?: string;
  documentVectorDim?: number;
  /** Transformer: sizes, pooling and starting weights */
  transformer?: TransformerSpec;
  /** a cut, frozen layers, a projection head; of any encoder */
  tailor?: TailorSpec;
}

/** Options of the {@link EmbeddingTable} that a spec describes. */
export function tableOptions({ numEmbeddings: rows, embeddingDim: dim, initialStd }: TableSpec) {
  return { rows, dim, std: initialStd ?? 1 / Math.sqrt(dim) };
}

/** Numbers in dense weights and tables together. */
export function countParameters(
  weights: Record<string, tf.Variable>,
  tables: Record<string, EmbeddingTable>,
): number {
  let count = 0;
  for (const weight of Object.values(weights)) count += weight.size;
  for (const table of Object.values(tables)) count += table.rows * table.dim;
  return count;
}

/** The column `feature` of a batch, which must be of the kind an encoder reads. */
export function columnOf<K extends FeatureColumn["kind"]>(
  batch: FeatureBatch,
  feature: string,
  kind: K,
): Extract<FeatureColumn, { kind: K }> {
  const column = batch.columns[feature];
  if (!column)
    throw new UserError(
      `encoder: batch must have feature "${feature}", got ${Object.keys(batch.columns).join(", ") || "none"}`,
    );
  if (column.kind !== kind)
    throw new UserError(`encoder: feature "${feature}" must be ${kind}, got ${column.kind}`);
  return column as Extract<FeatureColumn, { kind: K }>;
}

/**
 * Mean embedding of a text feature, [batch.size, table.dim]; with `weights` [rows, 1] each row times its weight, divided
 * by the number of ids as without.
 */
export function bagOfText(
  table: EmbeddingTable,
  batch: FeatureBatch,
  feature: string,
  options?: { countPadding?: boolean; weights?: EmbeddingTable | null },
): tf.Tensor2D {
  const column = columnOf(batch, feature, "text");
  const { ids, length } = options?.countPadding ? column : withoutPadding(column, batch.size);
  if (options?.weights) return weightedBag(table, options.weights, ids, batch.size, length);
  const { words } = column;
  return table.bag(ids, batch.size, length, { ...options, ...(words && { words }) });
}

/** The columns up to the last one in which any row has an id: a batch of short texts costs what short texts cost. */
function withoutPadding(
  { ids, length }: { ids: Int32Array; length: number },
  size: number,
): { ids: Int32Array; length: number } {
  let longest = Math.min(1, length);
  for (let row = 0; row < size; row++) {
    let end = length;
    while (end > longest && ids[row * length + end - 1] === 0) end--;
    longest = Math.max(longest, end);
  }
  if (longest === length) return { ids, length };
  const kept = new Int32Array(size * longest);
  for (let row = 0; row < size; row++)
    for (let i = 0; i < longest; i++) kept[row * longest + i] = ids[row * length + i]!;
  return { ids: kept, length: longest };
}
