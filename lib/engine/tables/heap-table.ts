import type * as tf from "@tensorflow/tfjs";
import type { WasmHeap } from "../wasm-heap.js";
import type { BagWords } from "./bag-words.js";
import { roundingSeed } from "./packed-moments.js";
import { packedAdam, type RowDrift, type RuleFactors } from "./update-rule.js";

/**
 * A table's rows in the heap: address of row 0, bytes from row to row, floats per row; packed: both moments in one word.
 */
export interface HeapRows {
  at: number;
  stride: number;
  dim: number;
  rows: number;
  packed: boolean;
}

/** Ids [size, length] of one bag op and the kept gradient [size, dim] of its output. */
export interface HeapGradient {
  ids: Int32Array;
  size: number;
  length: number;
  countZero: boolean;
  /** the bags' distinct words, if they were pooled by words */
  words: BagWords | null;
  gradient: tf.Tensor;
}

/** Number of rows caught up per kernel call. */
const staleChunk = 1024;

/** Mean of the rows of each bag, straight into a new tensor; ids are trusted to be in range. */
export function heapPool(
  heap: WasmHeap,
  table: HeapRows,
  ids: Int32Array,
  size: number,
  length: number,
  countZero: boolean,
): tf.Tensor2D {
  const at = heap.scratch("ids", ids.length);
  const shares = heap.scratch("shares", size);
  const out = heap.output<tf.Tensor2D>([size, table.dim]);
  heap.ints.set(ids, at / 4);
  const to = heap.address(out);
  const zero = countZero ? 1 : 0;
  heap.kernels.bagForward(
    at,
    length,
    size,
    zero,
    table.at,
    table.stride,
    table.dim,
    to,
    table.dim * 4,
    shares,
  );
  return out;
}

/** Mean rows of bags [size, dim] in the wasm heap, where each distinct word's rows are summed once for all bags. */
export function heapPoolWords(heap: WasmHeap, table: HeapRows, words: BagWords, size: number): tf.Tensor2D {
  const { kernels: k } = heap;
  const { count, ids, starts, bagWords, bagStarts, shares } = words;
  const { at, stride, dim } = table;
  const sums = heap.scratch("wordSums", count * dim);
  const list = heap.scratch("ids", Math.max(ids.length, bagWords.length));
  const from = heap.scratch("starts", Math.max(starts.length, bagStarts.length));
  const factors = heap.scratch("shares", size);
  const out = heap.output<tf.Tensor2D>([size, dim]);
  heap.ints.set(ids, list / 4);
  heap.ints.set(starts, from / 4);
  k.sumSpans(count, list, from, at, stride, dim, 0, sums, dim * 4);
  heap.ints.set(bagWords, list / 4);
  heap.ints.set(bagStarts, from / 4);
  heap.floats.set(shares, factors / 4);
  k.sumSpans(size, list, from, sums, dim * 4, dim, factors, heap.address(out), dim * 4);
  return out;
}

/**
 * The gradient [rows, dim] of a matrix whose row u − 1 the bags name as u, from that of their means. Each row's sum is
 * taken in the order of the bags.
 */
export function heapSpread(heap: WasmHeap, part: HeapGradient, rows: number, dim: number): tf.Tensor2D {
  const { kernels: k } = heap;
  const { ids: list, size, length, gradient } = part;
  const out = heap.output<tf.Tensor2D>([rows, dim]);
  const ids = heap.scratch("ids", list.length);
  const named = heap.scratch("rows", list.length);
  const ends = heap.scratch("ends", list.length);
  const bags = heap.scratch("bags", list.length);
  const slots = heap.scratch("slots", rows + 1);
  const shares = heap.scratch("shares", size);
  const pooled = heap.scratch("pooled", size * dim);
  heap.ints.set(list, ids / 4);
  const distinct = k.countRows(ids, list.length, 0, slots, named, ends, 0, 0, 1);
  k.startRows(ends, distinct);
  k.placeRows(ids, length, size, 0, slots, ends, bags, 0, 0, 1);
  writeShares(heap.floats, shares / 4, list, size, length, false);
  k.scaleRows(heap.address(gradient), dim * 4, pooled, shares, size, dim);
  k.clearRows(named, distinct, slots);
  const to = heap.address(out);
  heap.floats.fill(0, to / 4, to / 4 + rows * dim);
  // gradient descent at rate −1 from zeros: each row becomes its gradient
  k.updateRows(
    1,
    0,
    distinct,
    named,
    ends,
    bags,
    pooled,
    dim * 4,
    0,
    to - dim * 4,
    dim * 4,
    dim,
    1,
    0,
    0,
    -1,
    0,
    0,
  );
  return out;
}

/** Applies update `step` of a rule to the rows that `parts` touch; returns those rows, each once, in order of appearance. */
export function heapUpdateRows(
  heap: WasmHeap,
  table: HeapRows,
  parts: readonly HeapGradient[],
  f: RuleFactors,
  step: number,
): Int32Array {
  const { kernels: k } = heap;
  const { at, stride, dim } = table;
  const tokens = parts.reduce((sum, { words, ids }) => sum + (words?.ids ?? ids).length, 0);
  const bagCount = parts.reduce((sum, { words, size }) => sum + (words?.count ?? size), 0);
  const ids = heap.scratch("ids", tokens);
  const rows = heap.scratch("rows", tokens);
  const ends = heap.scratch("ends", tokens);
  const bags = heap.scratch("bags", tokens);
  const slots = heap.scratch("slots", table.rows);
  const shares = heap.scratch("shares", bagCount);
  const pooled = heap.scratch("pooled", bagCount * dim);
  let distinct = 0;
  let offset = ids;
  for (const { words, ids, countZero } of parts) {
    const list = words?.ids ?? ids;
    heap.ints.set(list, offset / 4);
    distinct = k.countRows(offset, list.length, countZero ? 1 : 0, slots, rows, ends, distinct, 0, 1);
    offset += list.length * 4;
  }
  k.startRows(ends, distinct);
  offset = ids;
  let bag = 0;
  for (const { ids: list, size, length, countZero, words, gradient } of parts) {
    if (words) {
      const starts = heap.scratch("starts", words.starts.length);
      heap.ints.set(words.starts, starts / 4);
      k.placeSpans(offset, starts, words.count, slots, ends, bags, bag, 0, 1);
      wordSlopes(heap, words, size, heap.address(gradient), pooled + bag * dim * 4, dim);
      offset += words.ids.length * 4;
      bag += words.count;
      continue;
    }
    k.placeRows(offset, length, size, countZero ? 1 : 0, slots, ends, bags, bag, 0, 1);
    writeShares(heap.floats, shares / 4 + bag, list, size, length, countZero);
    const to = pooled + bag * dim * 4;
    k.scaleRows(heap.address(gradient), dim * 4, to, shares + bag * 4, size, dim);
    offset += list.length * 4;
    bag += size;
  }
  k.clearRows(rows, distinct, slots);
  const factors = [f.keep, f.first, f.second, f.rate, f.floor, roundingSeed(step, "update")] as const;
  const rule = table.packed ? packedAdam : f.rule;
  k.updateRows(rule, 0, distinct, rows, ends, bags, pooled, dim * 4, 0, at, stride, dim, ...factors);
  return heap.ints.slice(rows / 4, rows / 4 + distinct);
}

/** Carries rows over the steps they missed, to `step`: row rows[i] is current through from[i]. */
export function heapCatchUp(
  heap: WasmHeap,
  table: HeapRows,
  drift: RowDrift,
  stale: readonly number[],
  from: readonly number[],
  step: number,
): void {
  const rows = heap.scratch("staleRows", staleChunk);
  const factors = heap.scratch("staleFactors", staleChunk * 7);
  for (let start = 0; start < stale.length; start += staleChunk) {
    const count = Math.min(staleChunk, stale.length - start);
    const { floats, ints } = heap;
    for (let i = 0; i < count; i++) {
      ints[rows / 4 + i] = stale[start + i]!;
      drift.writeFactors(from[start + i]!, floats, factors / 4 + i * 7);
    }
    const packed = table.packed ? 1 : 0;
    const seed = roundingSeed(step, "catchUp");
    heap.kernels.catchUpRows(count, rows, factors, table.at, table.stride, table.dim, packed, seed);
  }
}

/** The gradients [words.count, dim] of words' sums from those of the bags' means. */
function wordSlopes(
  heap: WasmHeap,
  words: BagWords,
  size: number,
  gradient: number,
  to: number,
  dim: number,
): void {
  const { kernels: k } = heap;
  const { count, wordBags, wordBagStarts, shares } = words;
  const bagSlopes = heap.scratch("bagSlopes", size * dim);
  const factors = heap.scratch("bagShares", size);
  const list = heap.scratch("wordBags", wordBags.length);
  const starts = heap.scratch("wordBagStarts", wordBagStarts.length);
  heap.floats.set(shares, factors / 4);
  heap.ints.set(wordBags, list / 4);
  heap.ints.set(wordBagStarts, starts / 4);
  k.scaleRows(gradient, dim * 4, bagSlopes, factors, size, dim);
  k.sumSpans(count, list, starts, bagSlopes, dim * 4, dim, 0, to, dim * 4);
}

function writeShares(
  floats: Float32Array,
  at: number,
  ids: Int32Array,
  size: number,
  length: number,
  countZero: boolean,
): void {
  for (let b = 0; b < size; b++) {
    let count = countZero ? length : 0;
    if (!countZero) for (let j = b * length; j < (b + 1) * length; j++) if (ids[j] !== 0) count++;
    floats[at + b] = count === 0 ? 0 : 1 / count;
  }
}
