import { UserError } from "../files/user-error.js";
import type { FusedMemory } from "./fused-memory.js";
import type { FusedEncoder, FusedPlan } from "./fused-plan.js";

/** A batch as lib/features makes it. */
export interface FusedBatch {
  size: number;
  columns: Record<string, { kind: string; ids?: Int32Array; length?: number }>;
}

/**
 * Puts a training batch into a step's memory.
 *
 * @returns in how many parts the queries come: 1, or 3 with self-teaching
 * @throws RangeError for ids outside the tables, masked cells outside the batch, and batches that do not fit
 */
export function loadBatch(
  memory: FusedMemory,
  plan: FusedPlan,
  encoder: FusedEncoder,
  queries: FusedBatch,
  documents: FusedBatch,
  maskedCells: Int32Array,
  sameQueries: Int32Array,
): number {
  const { size } = documents;
  const parts = queries.size / size;
  const taught = plan.teaching !== null && parts === 3;
  if ((parts !== 1 && !taught) || !(Number.isInteger(size) && size >= 1 && size <= plan.maxBatch))
    throw new UserError(
      `FusedTrainer: batches must be alike and of 1 to ${plan.maxBatch} rows, got ${queries.size} and ${size}`,
    );
  memory.beginWords(0);
  loadSide(memory, plan, encoder, 0, queries, 0, queries.size);
  loadSide(memory, plan, encoder, 1, documents, 0, size);
  memory.finishWords();
  memory.setMask(maskedCells, size);
  memory.setSameQueries(sameQueries, size);
  return parts;
}

/** Puts rows [from, from + size) of one side's batch alone into a step's memory, to be encoded. */
export function loadRows(
  memory: FusedMemory,
  plan: FusedPlan,
  encoder: FusedEncoder,
  side: 0 | 1,
  batch: FusedBatch,
  from: number,
  size: number,
): void {
  memory.beginWords(side === 0 ? 0 : size); // documents follow as many queries
  loadSide(memory, plan, encoder, side, batch, from, size);
  memory.finishWords();
}

function loadSide(
  memory: FusedMemory,
  plan: FusedPlan,
  encoder: FusedEncoder,
  side: 0 | 1,
  batch: FusedBatch,
  from: number,
  size: number,
): void {
  const text = side === 0 ? encoder.queryTextFeature : encoder.documentTextFeature;
  memory.setIds(side, columnOf(batch, text), from, size, text);
  if (side === 0 || !plan.category) return;
  const name = encoder.documentCategoricalFeature!;
  memory.setCategories(columnOf(batch, name), from, size, name);
}

function columnOf(batch: FusedBatch, name: string): { ids: Int32Array; length?: number } {
  const column = batch.columns[name];
  if (!column?.ids) throw new UserError(`FusedTrainer: batch must have ids of feature "${name}", got none`);
  return column as { ids: Int32Array };
}
