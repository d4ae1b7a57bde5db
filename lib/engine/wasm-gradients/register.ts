import * as tf from "@tensorflow/tfjs";
import { conv2dFilterGradient } from "./conv2d-filter-gradient.js";

/** Kernels that gradients need and the wasm backend lacks. */
export const composedKernels = ["Conv2DBackpropFilter"] as const;

let registered = false;

/**
 * Gives the wasm backend the gradient kernels it lacks, composed of those it has. Repeated calls do nothing; a kernel
 * that the backend brings itself is left alone.
 */
export function registerWasmGradients(): void {
  if (registered) return;
  registered = true;
  if (tf.getKernel("Conv2DBackpropFilter", "wasm")) return;
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      // the engine hands kernels its tensors, which their type hides
      const { x, dy } = inputs as unknown as { x: tf.Tensor4D; dy: tf.Tensor4D };
      return tf.tidy(() =>
        conv2dFilterGradient(x, dy, attrs as unknown as Parameters<typeof conv2dFilterGradient>[2]),
      );
    },
  });
}
