import * as tf from "@tensorflow/tfjs";

interface CountedBackend {
  incRef(id: object): void;
}

let installed = false;

/**
 * Makes the wasm backend's clones share their values, as those of tfjs's other backends do: a tensor kept for the gradient
 * then costs neither a copy nor memory. Called again, it does nothing.
 */
export function installSharedIdentity(): void {
  if (installed || tf.getBackend() !== "wasm") return;
  tf.unregisterKernel("Identity", "wasm");
  tf.registerKernel({
    kernelName: "Identity",
    backendName: "wasm",
    kernelFunc: ({ inputs, backend }) => {
      const { x } = inputs as unknown as { x: tf.TensorInfo };
      (backend as CountedBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
  installed = true;
}
