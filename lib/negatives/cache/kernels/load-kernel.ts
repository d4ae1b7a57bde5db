import { readKernel } from "../../../engine/kernels/kernel-file.js";
import { allowRelaxedSimd } from "../../../engine/kernels/relaxed-simd.js";
import { type WasmMemory, wasmApi } from "../../../engine/kernels/web-assembly.js";

/** The functions of group-maxima.as; addresses in bytes. */
export interface GroupMaximaKernels {
  /** (codes, room, chunks, groups, queries, count, scores, places) */
  groupMaxima(...args: number[]): number;
  /** (codes, room, means, meanChunks, used, groups, queries, count, scores, places, found) */
  blockMaxima(...args: number[]): number;
  /** (scores, places, rowAt, room, usable, embeddings, dim, width, groups, queries, count, candidates, exact, rows) */
  exactMaxima(...args: number[]): number;
}

/** The kernels over a memory of `bytes`, or null where the runtime has no relaxed SIMD. */
export function loadGroupMaxima(bytes: number): { kernels: GroupMaximaKernels; memory: WasmMemory } | null {
  allowRelaxedSimd();
  const binary = readKernel("lib/negatives/cache/kernels/group-maxima.wasm");
  if (!wasmApi.validate(binary)) return null;
  const pages = Math.ceil(bytes / 65_536);
  const memory = new wasmApi.Memory({ initial: pages, maximum: pages, shared: false });
  const { exports } = new wasmApi.Instance(new wasmApi.Module(binary), { env: { memory, abort: () => {} } });
  return { kernels: exports as unknown as GroupMaximaKernels, memory };
}
