import { readKernel } from "../../engine/kernels/kernel-file.js";
import { wasmApi } from "../../engine/kernels/web-assembly.js";
import { distanceCurve } from "./distance-curve.js";
import type { FuzzyGraph } from "./fuzzy-graph.js";

export interface LayoutOptions {
  epochs: number;
  minDist: number;
  /** Seeds the draws of points that push. */
  random: { next(): number };
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Points drawn at once, one a lane, and the five for each visit of an edge that UMAP asks for. */
const DRAWN = 4;
const NEGATIVES = 5;
const PAGE = 65_536;

/**
 * UMAP's layout by stochastic gradient descent: an edge of weight w is visited every max w / w epochs, its ends drawn together
 * by the cross-entropy's gradient and its head pushed from four points drawn at random, each counted 5/4 so that they
 * stand for UMAP's five; the rate falls linearly from 1 to 0. One thread: the bytes depend on nothing but the arguments.
 *
 * @param start  [n, 2], where the points begin; not changed
 * @returns [n, 2]
 */
export function layOut(graph: FuzzyGraph, start: Float32Array, options: LayoutOptions): Float32Array {
  const { epochs, minDist, random, onProgress } = options;
  const strongest = graph.weights.reduce((most, weight) => Math.max(most, weight), 0);
  // an edge not due before the end is none
  const kept = graph.weights.reduce((sum, weight) => sum + (weight * epochs >= strongest ? 1 : 0), 0);
  const [points, heads, tails, periods, due, state, bytes] = addresses([
    ...[start.length, kept, kept, kept, kept, 4 * DRAWN],
  ]);
  const pages = Math.ceil(bytes! / PAGE);
  const memory = new wasmApi.Memory({ initial: pages, maximum: pages, shared: false });
  const module = new wasmApi.Module(readKernel("lib/analysis/maps/kernels/layout.wasm"));
  const { exports } = new wasmApi.Instance(module, { env: { memory, abort: () => {} } });
  const layoutEpoch = exports["layoutEpoch"]!;
  const floats = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  const ints = (at: number, length: number) => new Int32Array(memory.buffer, at, length);
  const [headOf, tailOf, periodOf] = [ints(heads!, kept), ints(tails!, kept), floats(periods!, kept)];
  const coordinates = floats(points!, start.length);
  coordinates.set(start);
  let edge = 0;
  graph.weights.forEach((weight, i) => {
    if (weight * epochs < strongest) return;
    headOf[edge] = graph.heads[i]!;
    tailOf[edge] = graph.tails[i]!;
    periodOf[edge++] = strongest / weight;
  });
  floats(due!, kept).set(periodOf);
  ints(state!, 4 * DRAWN).forEach((_, i, words) => {
    words[i] = Math.floor(random.next() * 2 ** 32);
  });
  const { a, b } = distanceCurve(minDist);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = 1 - epoch / epochs;
    layoutEpoch(
      ...[points!, start.length / 2, heads!, tails!, periods!, due!, kept],
      ...[epoch, rate, a, b, NEGATIVES / DRAWN, state!],
    );
    onProgress?.(epoch + 1, epochs);
  }
  return coordinates.slice();
}

/** Addresses, 16 bytes aligned, of arrays of so many words one after the other, and the end; nothing lies at 0. */
function addresses(lengths: readonly number[]): number[] {
  let next = 64;
  const starts = lengths.map((length) => {
    const at = next;
    next += Math.ceil((4 * length) / 16) * 16 + 16;
    return at;
  });
  return [...starts, next];
}
