import { towerLayers } from "../encoders/tower-layers.js";
import type { WordCuts } from "../engine/tables/distinct-words.js";
import type { RowMoments } from "../engine/tables/packed-moments.js";

/** One linear layer of a tower. */
export interface FusedLayer {
  /** parameters are `${name}.weight` [inputs, outputs] and `${name}.bias` */
  name: string;
  inputs: number;
  outputs: number;
  relu: boolean;
}

export type FusedLoss =
  | { kind: "batch_softmax"; temperature: number }
  | { kind: "triplet"; margin: number; numNegatives: number };

/**
 * Self-teaching, contrastive alignment of queries or both beside a softmax: queries then come in three parts, trained,
 * misspelled and clean. The weights are ≥ 0, one of them above.
 */
export interface FusedTeaching {
  /** of self-teaching */
  weight: number;
  /** weight of contrastive alignment (default 0) */
  contrastive?: number;
  temperature: number;
}

export interface FusedOptimizer {
  kind: string;
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
  initialAccumulator?: number;
  rowMoments?: RowMoments;
}

/** The parts of an encoder's description that the fused step reads; an EncoderSpec is one. */
export interface FusedEncoder {
  kind: string;
  textEmbedding: { numEmbeddings: number; embeddingDim: number };
  categoryFeature?: { numEmbeddings: number; embeddingDim: number } | undefined;
  outputDim: number;
  fcDim?: number | undefined;
  hiddenLayers?: readonly number[] | undefined;
  lastLinear?: boolean | undefined;
  separateTables?: boolean | undefined;
  tokenWeights?: string | undefined;
  queryTextFeature: string;
  documentTextFeature: string;
  documentCategoricalFeature?: string | undefined;
  tailor?: object | undefined;
}

export interface FusedTable {
  name: string;
  rows: number;
  dim: number;
}

/** A supported model in the terms of the fused step. */
export interface FusedPlan {
  /** one table of tokens for both sides, or the queries' and the documents' */
  texts: FusedTable[];
  category: FusedTable | null;
  /** one tower for both sides, or query tower and document tower */
  towers: FusedLayer[][];
  /** id 0 is a row and every position counts (LinearEncoder) */
  countPadding: boolean;
  /** each distinct word of a batch is pooled once, and bags are pooled from words; null: bags are pooled row by row */
  words: WordCuts | null;
  /** rows are pooled times fixed weights, one per row, in the table "token_weights" */
  weighted: boolean;
  outputDim: number;
  loss: FusedLoss;
  teaching: FusedTeaching | null;
  /** steps may name documents that are no negatives */
  masks: boolean;
  optimizer: FusedOptimizer;
  slots: readonly string[];
  /** rows of tables have their two moments in one word */
  packed: boolean;
  maxBatch: number;
  queryLength: number;
  documentLength: number;
}

/** What decides whether a model has a fused step, and its plan. */
export interface FusedModel {
  encoderSpec: FusedEncoder;
  lossSpec: { kind: string };
  optimizerSpec: FusedOptimizer;
  maxBatch: number;
  /** ids per text: the vectoriser's lengths */
  queryLength: number;
  documentLength: number;
  /** word boundaries of the ids, if the vectoriser has them */
  words?: WordCuts | null;
  /** with batch_softmax only */
  teaching?: FusedTeaching | null;
  /** with batch_softmax only */
  masks?: boolean;
}

const slotsOf: Record<string, readonly string[]> = {
  adam: ["m", "v"],
  lazy_adam: ["m", "v"],
  adamw: ["m", "v"],
  sgd: [],
  adagrad: ["sum"],
};

/** The plan for a model, or in words why the fused step does not apply to it. */
export function planFused(model: FusedModel): FusedPlan | string {
  const { encoderSpec: encoder, optimizerSpec: optimizer, lossSpec: loss } = model;
  const { numEmbeddings: rows, embeddingDim: dim } = encoder.textEmbedding;
  const layers = layersOf(encoder);
  if (!layers) return `encoder ${encoder.kind} has no fused step`;
  if (encoder.tailor) return "tailored encoders have no fused step";
  const { tokenWeights = "uniform" } = encoder;
  const weighted = tokenWeights === "idf";
  if (tokenWeights !== "uniform" && !weighted) return "bags with learned token weights have no fused step";
  if (weighted && (layers.length === 1 || encoder.separateTables))
    return "token weights beside one tower or a table per side have no fused step";
  if (!["batch_softmax", "triplet"].includes(loss.kind)) return `loss ${loss.kind} has no fused step`;
  if (loss.kind !== "batch_softmax" && (model.masks || model.teaching))
    return `masks, self-teaching and alignment beside loss ${loss.kind} have no fused step`;
  const slots = slotsOf[optimizer.kind];
  if (!slots) return `optimizer ${optimizer.kind} has no fused step`;
  const packed = optimizer.rowMoments === "bfloat16";
  if (packed && slots.length !== 2) return `bfloat16 moments of ${optimizer.kind} have no fused step`;
  const category = encoder.kind === "MultiModalTwoTower" ? encoder.categoryFeature! : null;
  const widths = [dim, category?.embeddingDim ?? 0, ...layers.flat().flatMap((l) => [l.inputs, l.outputs])];
  const odd = widths.find((width) => width % 4 !== 0);
  if (odd !== undefined) return `widths must be multiples of 4, got ${odd}`;
  for (const tower of layers) {
    const width =
      tower.at(-1)?.outputs ?? (tower === layers.at(-1) ? dim + (category?.embeddingDim ?? 0) : dim);
    if (width !== encoder.outputDim)
      return `a tower must end with outputDim ${encoder.outputDim}, got ${width}`;
  }
  const apart = layers.length === 2 && encoder.separateTables;
  return {
    texts: (apart ? ["query_text", "document_text"] : ["text"]).map((name) => ({ name, rows, dim })),
    category: category && { name: "category", rows: category.numEmbeddings, dim: category.embeddingDim },
    towers: layers,
    countPadding: encoder.kind === "LinearEncoder",
    words: wordsOf(model, weighted),
    weighted,
    outputDim: encoder.outputDim,
    loss: loss as FusedLoss,
    teaching: model.teaching ?? null,
    masks: model.masks ?? false,
    optimizer,
    slots,
    packed,
    maxBatch: model.maxBatch,
    queryLength: model.queryLength,
    documentLength: model.documentLength,
  };
}

/** Multiplications and additions of a step's products: layers and cosines, forward and both gradients. */
export function stepFlops(plan: FusedPlan, queries: number, documents: number): number {
  const aligned = plan.teaching?.contrastive && queries > documents ? documents * documents : 0;
  const [query, document = query] = plan.towers;
  const layers = (tower: FusedLayer[]) => tower.reduce((sum, l) => sum + 6 * l.inputs * l.outputs, 0);
  const cosines = queries * documents + aligned;
  return queries * layers(query!) + documents * layers(document!) + 6 * cosines * plan.outputDim;
}

/** Bags with weights are lists of words even where the vectoriser has no word boundaries: then each id is a word. */
function wordsOf({ encoderSpec, words, queryLength, documentLength }: FusedModel, weighted: boolean) {
  if (encoderSpec.kind === "LinearEncoder") return null;
  if (words || !weighted) return words ?? null;
  const { numEmbeddings } = encoderSpec.textEmbedding;
  return { firstNgram: numEmbeddings, wordsLimit: Math.max(queryLength, documentLength) };
}

function layersOf(encoder: FusedEncoder): FusedLayer[][] | null {
  const { outputDim } = encoder;
  const dim = encoder.textEmbedding.embeddingDim;
  const tower = (
    name: string,
    input: number,
    hidden: readonly number[],
    lastLinear: boolean,
  ): FusedLayer[] => {
    const widths = [input, ...hidden, ...(lastLinear ? [outputDim] : [])];
    return widths.slice(1).map((outputs, i) => ({
      name: `${name}.${i}`,
      inputs: widths[i]!,
      outputs,
      relu: i < hidden.length,
    }));
  };
  const { hiddenLayers: hidden, lastLinear: last } = towerLayers(encoder);
  switch (encoder.kind) {
    case "LinearEncoder":
      return [tower("tower", dim, [], true)];
    case "SimpleTextEncoder":
      return [tower("tower", dim, [encoder.fcDim ?? 128], true)];
    case "TwoTower":
      return [tower("query", dim, hidden, last), tower("document", dim, hidden, last)];
    case "MultiModalTwoTower": {
      if (!encoder.categoryFeature) return null;
      const wide = dim + encoder.categoryFeature.embeddingDim;
      return [tower("query", dim, hidden, last), tower("document", wide, hidden, last)];
    }
    default:
      return null;
  }
}
