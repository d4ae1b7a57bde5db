import * as tf from "@tensorflow/tfjs";

interface MatMulInputs {
  a: tf.TensorInfo;
  b: tf.TensorInfo;
}

interface MatMulAttributes {
  transposeA: boolean;
  transposeB: boolean;
}

let installed = false;

/**
 * Replaces the wasm backend's matrix product by one that transposes first where an operand is to be taken transposed.
 * The backend's own runs a plain triple loop then, 10 to 30 times slower than its ordinary product, and the gradient
 * of every product asks for it twice. Same numbers up to the order of summation. Called again, it does nothing.
 *
 * @returns whether the replacement is in place (false on other backends)
 */
export function installWasmMatMul(): boolean {
  if (tf.getBackend() !== "wasm") return false;
  if (installed) return true;
  const product = tf.getKernel("BatchMatMul", "wasm")!.kernelFunc;
  const transpose = tf.getKernel("Transpose", "wasm")!.kernelFunc;
  const upright = (backend: object, x: tf.TensorInfo): tf.TensorInfo => {
    const perm = x.shape.map((_, axis) => axis);
    perm.splice(-2, 2, perm.length - 1, perm.length - 2);
    return transpose({ inputs: { x }, backend, attrs: { perm } }) as tf.TensorInfo;
  };
  tf.unregisterKernel("BatchMatMul", "wasm");
  tf.registerKernel({
    kernelName: "BatchMatMul",
    backendName: "wasm",
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { a, b } = inputs as unknown as MatMulInputs;
      const { transposeA, transposeB } = attrs as unknown as MatMulAttributes;
      const left = transposeA ? upright(backend, a) : a;
      const right = transposeB ? upright(backend, b) : b;
      const out = product({
        inputs: { a: left, b: right },
        backend,
        attrs: { transposeA: false, transposeB: false },
      });
      const memory = backend as { disposeData(id: object): void };
      if (left !== a) memory.disposeData(left.dataId);
      if (right !== b) memory.disposeData(right.dataId);
      return out;
    },
  });
  installed = true;
  return true;
}
