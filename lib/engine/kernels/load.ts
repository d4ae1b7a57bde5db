import { readKernel } from "./kernel-file.js";
import type { KernelModule } from "./kernels.js";
import { allowRelaxedSimd } from "./relaxed-simd.js";
import { wasmApi } from "./web-assembly.js";

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
