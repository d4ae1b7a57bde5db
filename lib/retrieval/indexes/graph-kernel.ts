import { readKernel } from "../../engine/kernels/kernel-file.js";
import { allowRelaxedSimd } from "../../engine/kernels/relaxed-simd.js";
import { type WasmMemory, type WasmModule, wasmApi } from "../../engine/kernels/web-assembly.js";

/** The functions of graph.as; pointers and strides are in bytes. */
export interface GraphKernel {
  openGraph(
    codes: number,
    codeStride: number,
    factors: number,
    biases: number,
    lowest: number,
    lowestLinks: number,
    above: number,
    upper: number,
    upperLinks: number,
    twins: number,
    marks: number,
    size: number,
    entry: number,
    topLayer: number,
    scratch: number,
    mostExpansion: number,
  ): void;
  scratchBytes(codeStride: number, lowestLinks: number, mostExpansion: number): number;
  encodeDocuments(
    rows: number,
    count: number,
    stride: number,
    codes: number,
    codeStride: number,
    factors: number,
    biases: number,
  ): void;
  addDocuments(from: number, to: number, layers: number, expansion: number): void;
  entryPoint(): number;
  searchCodes(row: number, stride: number, expansion: number): number;
  foundList(): number;
  rescore(list: number, count: number, query: number, rows: number, stride: number, kind: number): void;
  scoreOf(query: number, row: number, stride: number, kind: number): number;
}

const FOLDER = "lib/retrieval/kernels";

let compiled: WasmModule | null = null;

/** The compiled kernels of code graphs, with 8-bit products where this Node has relaxed SIMD; their numbers are the same without. */
export function graphModule(): WasmModule {
  if (compiled) return compiled;
  allowRelaxedSimd();
  const relaxed = readKernel(`${FOLDER}/graph-fma.wasm`);
  compiled = new wasmApi.Module(wasmApi.validate(relaxed) ? relaxed : readKernel(`${FOLDER}/graph.wasm`));
  return compiled;
}

/** The kernels working on `memory`. */
export function graphKernel(memory: WasmMemory, module = graphModule()): GraphKernel {
  const abort = (): never => {
    throw new Error("graph kernels: aborted");
  };
  return new wasmApi.Instance(module, { env: { memory, abort } }).exports as unknown as GraphKernel;
}
