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

/** Kernels working on `memory`. They hold no data of their own. */
export function instantiateKernels(module: WasmModule, memory: WasmMemory): Kernels {
  const abort = () => {
    throw new Error("kernels: aborted");
  };
  return new wasmApi.Instance(module, { env: { memory, abort } }).exports as unknown as Kernels;
}
