import { type WordArrays, type WordCuts, wordSlots } from "../engine/tables/distinct-words.js";
import type { FusedPlan, FusedTable } from "./fused-plan.js";

/** Addresses (bytes) of one linear layer: weights then biases in one block, state arrays alike. */
export interface LayerLayout {
  inputs: number;
  outputs: number;
  relu: boolean;
  weight: number;
  bias: number;
  state: number;
  /** floats of weight and bias together */
  size: number;
}

/** An embedding table: rows of `stride` bytes. */
export interface TableLayout {
  name: string;
  rows: number;
  dim: number;
  stride: number;
  base: number;
  /** i32 per row: the step through which the row is current, −1 without gradient so far */
  currentThrough: number;
}

/** One tower's activations and gradients. If both sides share it, documents follow the queries. */
export interface TowerWork {
  inputDim: number;
  input: number;
  inputGradient: number;
  activations: number[];
  activationGradients: number[];
  /** per layer: gradient of weights then biases */
  gradients: number[];
}

/** What grouping a batch by rows of one table needs. */
export interface GroupLayout {
  /** distinct rows, ends of their spans in bags, bags */
  rows: number;
  ends: number;
  bags: number;
}

/** What each thread of a step has to itself. */
export interface ScratchLayout {
  panel: number;
  /** per table */
  groups: GroupLayout[];
  staleRows: number;
  factors: number;
}

/** The distinct words of a batch, and all their sums, later their gradients. */
export interface WordsLayout extends WordArrays {
  /** most words of a batch */
  most: number;
  sums: number;
  /** i32: words of the first table */
  ofFirst: number;
}

/** All that one batch in flight needs beside the model. */
export interface WorkLayout {
  control: number;
  queryIds: number;
  documentIds: number;
  words: WordsLayout | null;
  categories: number;
  /** bit j of row i: document j is no negative of query i; rows of maskWords i32 */
  mask: number;
  maskWords: number;
  shares: number;
  /** pooled gradients: queries, then documents */
  pooled: number;
  towers: TowerWork[];
  unit: [number, number];
  unitGradient: [number, number];
  norms: [number, number];
  /** cosines, rows of cosineStride bytes */
  cosines: number;
  cosineStride: number;
  rowLosses: number;
  teachingLosses: number;
  /** for contrastive alignment: cosines of misspelled with clean queries, rows as those of cosines; losses; a mask of equal queries */
  aligned: number;
  alignedLosses: number;
  sameQueries: number;
  /** per table, i32 per row, zero between uses */
  slots: number[];
  scratch: ScratchLayout[];
}

/** Where everything lies in the shared memory. Plain numbers, so that workers can be sent it. */
export interface FusedLayout {
  towers: LayerLayout[][];
  /** tables of tokens, then that of categories */
  tables: TableLayout[];
  /** float32 per row of the table of tokens: its weight in bags; 0 where all count alike */
  tokenWeights: number;
  work: WorkLayout;
  bytes: number;
}

/** Number of rows caught up per kernel call. */
export const staleChunk = 1024;

/** @param threads of one step */
export function layoutFused(plan: FusedPlan, threads: number): FusedLayout {
  let top = 0;
  const floats = (count: number): number => {
    const at = Math.ceil(top / 128) * 128;
    top = at + count * 4;
    return at;
  };
  const { slots, texts, category } = plan;
  const perRow = 1 + (plan.packed ? 1 : slots.length);
  const work = workLayout(plan, threads, floats);
  const towers = plan.towers.map((layers) =>
    layers.map(({ inputs, outputs, relu }): LayerLayout => {
      const size = inputs * outputs + outputs;
      const weight = floats(size);
      const state = floats(size * slots.length);
      return { inputs, outputs, relu, size, weight, bias: weight + inputs * outputs * 4, state };
    }),
  );
  const tables = [...texts, ...(category ? [category] : [])].map(
    ({ name, rows, dim }: FusedTable): TableLayout => ({
      name,
      rows,
      dim,
      stride: dim * perRow * 4,
      currentThrough: floats(rows),
      base: floats(rows * dim * perRow),
    }),
  );
  const tokenWeights = plan.weighted ? floats(texts[0]!.rows) : 0;
  return { towers, tables, tokenWeights, work, bytes: top };
}

function workLayout(plan: FusedPlan, threads: number, floats: (count: number) => number): WorkLayout {
  const { maxBatch, queryLength, documentLength, outputDim, texts, category } = plan;
  const dim = texts[0]!.dim;
  const queries = maxBatch * (plan.teaching ? 3 : 1);
  const shared = plan.towers.length === 1;
  const tokens = queries * queryLength + maxBatch * documentLength;
  // 64 bytes more than needed: columns of a power of two apart would fall on one another in the cache
  const cosineStride = ((maxBatch + 3) & ~3) * 4 + 64;
  const maskWords = Math.ceil(maxBatch / 32);
  const aligned = plan.teaching?.contrastive ? maxBatch : 0;
  const control = floats(64);
  const shares = floats(queries + maxBatch); // not at address 0, which stands for no factors
  return {
    control,
    queryIds: floats(queries * queryLength),
    documentIds: floats(maxBatch * documentLength),
    categories: floats(category ? maxBatch : 0),
    mask: floats(plan.masks ? maxBatch * maskWords : 0),
    maskWords,
    shares,
    words: plan.words && wordsLayout(plan.words, shares, queries + maxBatch, tokens, dim, floats),
    pooled: floats((queries + maxBatch) * dim),
    towers: plan.towers.map((layers, i) => {
      const rows = shared ? queries + maxBatch : i === 0 ? queries : maxBatch;
      const inputDim = layers[0]?.inputs ?? (i === 1 ? dim + (category?.dim ?? 0) : dim);
      return {
        inputDim,
        input: floats(rows * inputDim),
        inputGradient: floats(rows * inputDim),
        activations: layers.map(({ outputs }) => floats(rows * outputs)),
        activationGradients: layers.map(({ outputs }) => floats(rows * outputs)),
        gradients: layers.map(({ inputs, outputs }) => floats(inputs * outputs + outputs)),
      };
    }),
    unit: [floats(queries * outputDim), floats(maxBatch * outputDim)],
    unitGradient: [floats(queries * outputDim), floats(maxBatch * outputDim)],
    norms: [floats(queries), floats(maxBatch)],
    cosines: floats(queries * (cosineStride / 4)),
    cosineStride,
    rowLosses: floats(2 * maxBatch),
    teachingLosses: floats(plan.teaching ? 4 * maxBatch : 0),
    aligned: floats(aligned * (cosineStride / 4)),
    alignedLosses: floats(2 * aligned),
    sameQueries: floats(aligned * maskWords),
    slots: [...texts, ...(category ? [category] : [])].map(({ rows }) => floats(rows)),
    scratch: Array.from({ length: threads }, () => ({
      panel: floats(256 * 8 + 8),
      groups: [...texts, ...(category ? [category] : [])].map((table) => {
        const most = table === category ? maxBatch : tokens;
        return { rows: floats(most), ends: floats(most), bags: floats(most) };
      }),
      staleRows: floats(staleChunk),
      factors: floats(staleChunk * 7),
    })),
  };
}

function wordsLayout(
  { wordsLimit }: WordCuts,
  shares: number,
  bags: number,
  tokens: number,
  dim: number,
  floats: (count: number) => number,
): WordsLayout {
  const most = Math.min(bags * wordsLimit, tokens);
  return {
    most,
    shares,
    ids: floats(tokens),
    starts: floats(most + 1),
    bagWords: floats(most),
    bagStarts: floats(bags + 1),
    wordBags: floats(most),
    wordBagStarts: floats(most + 1),
    slots: floats(wordSlots(most)),
    slotOf: floats(most),
    counts: floats(2),
    ofFirst: floats(1),
    sums: floats(most * dim),
  };
}
