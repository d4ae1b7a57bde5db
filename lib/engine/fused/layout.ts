import type { FusedPlan } from "./plan.js";

/** Addresses (bytes) of one linear layer: weights then biases in one block, state arrays and gradient alike. */
export interface LayerLayout {
  inputs: number;
  outputs: number;
  relu: boolean;
  weight: number;
  bias: number;
  gradient: number;
  state: number;
  /** floats of weight and bias together */
  size: number;
}

/** One tower: its layers, and per side that uses it the activations of each layer and their gradients. */
export interface TowerLayout {
  layers: LayerLayout[];
  inputDim: number;
  /** room for twice the batch if both sides share the tower: documents then follow the queries */
  input: number;
  inputGradient: number;
  activations: number[];
  activationGradients: number[];
}

/** An embedding table: rows of `stride` bytes, and what grouping a batch by rows needs. */
export interface TableLayout {
  rows: number;
  dim: number;
  stride: number;
  base: number;
  /** i32 per row, zero between uses */
  slots: number;
  /** i32 per row: the step through which the row is current, −1 without gradient so far */
  currentThrough: number;
}

/** What each thread has to itself. */
export interface ScratchLayout {
  panel: number;
  rows: number;
  ends: number;
  bags: number;
  categoryRows: number;
  categoryEnds: number;
  categoryBags: number;
  staleRows: number;
  factors: number;
}

/** Where everything lies in the shared memory. Plain numbers, so that workers can be sent it. */
export interface FusedLayout {
  control: number;
  queryIds: number;
  documentIds: number;
  categories: number;
  shares: number;
  /** pooled gradients [2 · maxBatch, dim]: queries, then documents */
  pooled: number;
  towers: TowerLayout[];
  unit: [number, number];
  unitGradient: [number, number];
  norms: [number, number];
  /** cosines, rows of cosineStride bytes */
  cosines: number;
  cosineStride: number;
  rowLosses: number;
  text: TableLayout;
  category: TableLayout | null;
  scratch: ScratchLayout[];
  bytes: number;
}

/** Number of rows caught up per kernel call. */
export const staleChunk = 1024;

export function layoutFused(plan: FusedPlan, threads: number): FusedLayout {
  let top = 0;
  const floats = (count: number): number => {
    const at = Math.ceil(top / 128) * 128;
    top = at + count * 4;
    return at;
  };
  const { maxBatch, queryLength, documentLength, outputDim, slots, text, category } = plan;
  const table = ({ rows, dim }: { rows: number; dim: number }): TableLayout => ({
    rows,
    dim,
    stride: dim * (1 + slots.length) * 4,
    base: floats(rows * dim * (1 + slots.length)),
    slots: floats(rows),
    currentThrough: floats(rows),
  });
  const shared = plan.towers.length === 1;
  const tower = (layers: FusedPlan["towers"][number], inputDim: number): TowerLayout => {
    const batch = maxBatch * (shared ? 2 : 1);
    return {
      inputDim,
      layers: layers.map(({ inputs, outputs, relu }) => {
        const size = inputs * outputs + outputs;
        const weight = floats(size);
        return {
          inputs,
          outputs,
          relu,
          size,
          weight,
          bias: weight + inputs * outputs * 4,
          gradient: floats(size),
          state: floats(size * slots.length),
        };
      }),
      input: floats(batch * inputDim),
      inputGradient: floats(batch * inputDim),
      activations: layers.map(({ outputs }) => floats(batch * outputs)),
      activationGradients: layers.map(({ outputs }) => floats(batch * outputs)),
    };
  };
  const tokens = maxBatch * (queryLength + documentLength);
  // 64 bytes more than needed: columns of a power of two apart would fall on one another in the cache
  const cosineStride = ((maxBatch + 3) & ~3) * 4 + 64;
  const layout: FusedLayout = {
    control: floats(64),
    queryIds: floats(maxBatch * queryLength),
    documentIds: floats(maxBatch * documentLength),
    categories: floats(category ? maxBatch : 0),
    shares: floats(2 * maxBatch),
    pooled: floats(2 * maxBatch * text.dim),
    towers: plan.towers.map((layers, i) =>
      tower(layers, layers[0]?.inputs ?? (i === 1 ? text.dim + (category?.dim ?? 0) : text.dim)),
    ),
    unit: [floats(maxBatch * outputDim), floats(maxBatch * outputDim)],
    unitGradient: [floats(maxBatch * outputDim), floats(maxBatch * outputDim)],
    norms: [floats(maxBatch), floats(maxBatch)],
    cosines: floats(maxBatch * (cosineStride / 4)),
    cosineStride,
    rowLosses: floats(2 * maxBatch),
    scratch: Array.from({ length: threads }, () => ({
      panel: floats(256 * 8 + 8),
      rows: floats(tokens),
      ends: floats(tokens),
      bags: floats(tokens),
      categoryRows: floats(category ? maxBatch : 0),
      categoryEnds: floats(category ? maxBatch : 0),
      categoryBags: floats(category ? maxBatch : 0),
      staleRows: floats(staleChunk),
      factors: floats(staleChunk * 7),
    })),
    text: table(text),
    category: category && table(category),
    bytes: 0,
  };
  layout.bytes = top;
  return layout;
}
