import { readKernel } from "./kernel-file.js";
import { allowRelaxedSimd } from "./relaxed-simd.js";
import { type WasmMemory, type WasmModule, wasmApi } from "./web-assembly.js";

type Kernel = (...args: number[]) => void;

/** What the compiled kernels export; arguments as in the sources (*.as), addresses in bytes. */
export interface Kernels {
  gemm: Kernel;
  biasAct: Kernel;
  reluBackward: Kernel;
  columnSums: Kernel;
  unitRows: Kernel;
  unitRowsBackward: Kernel;
  softmaxRows: Kernel;
  tripletRows: Kernel;
  teachRows: Kernel;
  bagForward: Kernel;
  sumSpans: Kernel;
  sumWeightedSpans: Kernel;
  scaleRows: Kernel;
  countRows: (...args: number[]) => number;
  startRows: Kernel;
  placeRows: Kernel;
  orderRows: Kernel;
  placeSpans: Kernel;
  cutWords: Kernel;
  invertWords: Kernel;
  largestId: (...args: number[]) => number;
  clearRows: Kernel;
  updateSpan: Kernel;
  updateRows: Kernel;
  catchUpRows: Kernel;
  /** only in the variant for shared memory */
  barrier: Kernel;
}

export interface KernelModule {
  module: WasmModule;
  /** a · b + c is rounded once: results differ in the last bits from those of a runtime that cannot do it */
  fusedMultiplyAdd: boolean;
}

const loaded = new Map<string, KernelModule>();

/**
 * The compiled kernels for memory of one thread ("private") or of several ("shared"), with fused multiply-add where
 * the runtime has relaxed SIMD.
 */
export function loadKernelModule(memory: "private" | "shared"): KernelModule {
  let kernels = loaded.get(memory);
  if (!kernels) {
    allowRelaxedSimd();
    const read = (name: string) => readKernel(`lib/engine/kernels/${name}.wasm`);
    const fused = read(`${memory}-fma`);
    const fusedMultiplyAdd = wasmApi.validate(fused);
    kernels = {
      module: new wasmApi.Module(fusedMultiplyAdd ? fused : read(memory)),
      fusedMultiplyAdd,
    };
    loaded.set(memory, kernels);
  }
  return kernels;
}

/** Kernels working on `memory`. They hold no data of their own. */
export function instantiateKernels(module: WasmModule, memory: WasmMemory): Kernels {
  const abort = () => {
    throw new Error("kernels: aborted");
  };
  return new wasmApi.Instance(module, { env: { memory, abort } }).exports as unknown as Kernels;
}
