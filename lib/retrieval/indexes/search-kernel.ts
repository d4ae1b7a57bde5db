import { readKernel } from "../../engine/kernels/kernel-file.js";
import { allowRelaxedSimd } from "../../engine/kernels/relaxed-simd.js";
import { type WasmMemory, type WasmModule, wasmApi } from "../../engine/kernels/web-assembly.js";

/** The functions of search.as; every pointer and stride is in bytes, `k` and counts are plain numbers. */
export interface SearchKernel {
  scan(
    metric: number,
    documents: number,
    count: number,
    stride: number,
    firstId: number,
    scales: number,
    queries: number,
    queryCount: number,
    heaps: number,
    k: number,
    keep: number,
  ): void;
  scanCodes(
    documents: number,
    codes: number,
    count: number,
    stride: number,
    firstId: number,
    scales: number,
    factors: number,
    norms: number,
    losses: number,
    queries: number,
    queryCodes: number,
    numbers: number,
    queryCount: number,
    heaps: number,
    k: number,
    keep: number,
  ): void;
  encodeRows(
    rows: number,
    count: number,
    stride: number,
    scales: number,
    codes: number,
    factors: number,
    norms: number,
    losses: number,
  ): void;
  encodeQueries(rows: number, count: number, stride: number, codes: number, numbers: number): void;
  resetHeaps(heaps: number, queryCount: number, k: number, ids: number): void;
  sortHeaps(heaps: number, queryCount: number, k: number): void;
  inverseNorms(rows: number, count: number, stride: number, out: number): void;
  scaleRows(rows: number, count: number, stride: number, factors: number): void;
  lowerDistances(rows: number, count: number, stride: number, point: number, out: number): void;
}

/** Which arithmetic the kernels use; float sums of the two differ in the last bits, and codes of one do not fit the other. */
export type KernelVariant = "relaxed-simd" | "simd";

export interface SearchModule {
  variant: KernelVariant;
  module: WasmModule;
}

const FOLDER = "lib/retrieval/kernels";

let compiled: SearchModule | null = null;

/**
 * The compiled kernels: with fused multiply-add and 8-bit products where this Node has relaxed SIMD, else plain
 * SIMD. Compiled once per process; workers receive the module as it is.
 */
export function searchModule(): SearchModule {
  if (compiled) return compiled;
  allowRelaxedSimd();
  const relaxed = readKernel(`${FOLDER}/search-fma.wasm`);
  compiled = wasmApi.validate(relaxed)
    ? { variant: "relaxed-simd", module: new wasmApi.Module(relaxed) }
    : { variant: "simd", module: new wasmApi.Module(readKernel(`${FOLDER}/search.wasm`)) };
  return compiled;
}

/** The kernels working on `memory`. */
export function searchKernel(memory: WasmMemory, module = searchModule().module): SearchKernel {
  const abort = (): never => {
    throw new Error("search kernels: aborted");
  };
  return new wasmApi.Instance(module, { env: { memory, abort } }).exports as unknown as SearchKernel;
}
