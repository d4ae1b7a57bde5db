import * as tf from "@tensorflow/tfjs";
import { readKernel } from "../../../engine/kernels/kernel-file.js";
import { type WasmMemory, wasmApi } from "../../../engine/kernels/web-assembly.js";
import { type WasmHeap, wasmHeap } from "../../../engine/wasm-heap.js";

const FOLDER = "lib/encoders/transformer/kernels";

type Kernel = (...args: number[]) => number;

/** Exports of layers.as; arguments as there, addresses in bytes. */
export interface LayerKernels {
  heap: WasmHeap;
  geluForward: Kernel;
  geluBackward: Kernel;
  layerNormForward: Kernel;
  layerNormBackward: Kernel;
  maskedSoftmax: Kernel;
  softmaxBackward: Kernel;
}

const loaded = new WeakMap<WasmHeap, LayerKernels>();

/** The kernels in the wasm backend's memory; null on other backends. */
export function layerKernels(): LayerKernels | null {
  const heap = wasmHeap();
  if (!heap) return null;
  let kernels = loaded.get(heap);
  if (!kernels) {
    const { memory } = (tf.backend() as unknown as { wasm: { asm: { memory: WasmMemory } } }).wasm.asm;
    const module = new wasmApi.Module(
      readKernel(`${FOLDER}/${heap.fusedMultiplyAdd ? "layers-fma" : "layers"}.wasm`),
    );
    const { exports } = new wasmApi.Instance(module, { env: { memory, abort: () => {} } });
    kernels = { heap, ...exports } as unknown as LayerKernels;
    loaded.set(heap, kernels);
  }
  return kernels;
}
