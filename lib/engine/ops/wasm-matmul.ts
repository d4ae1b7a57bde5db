import * as tf from "@tensorflow/tfjs";
import { wasmHeap } from "../wasm-heap.js";

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
 * Replaces the wasm backend's matrix product by our kernel in its heap, for float32 operands with equal leading axes;
 * others go the backend's way, transposed first where it would run a plain triple loop. The gradient of every product
 * needs two transposed ones, which the backend's own computes 10 to 30 times slower. Same numbers up to the order of
 * summation. Called again, it does nothing.
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
      const own = heapProduct(a, b, transposeA, transposeB);
      if (own) return own;
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

function heapProduct(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  turnA: boolean,
  turnB: boolean,
): tf.TensorInfo | null {
  const heap = wasmHeap();
  const rank = a.shape.length;
  if (!heap || a.dtype !== "float32" || b.dtype !== "float32" || b.shape.length !== rank) return null;
  const leading = a.shape.slice(0, -2);
  if (leading.some((size, axis) => size !== b.shape[axis])) return null;
  const [rows, depth] = turnA
    ? [a.shape[rank - 1]!, a.shape[rank - 2]!]
    : [a.shape[rank - 2]!, a.shape[rank - 1]!];
  const columns = b.shape[turnB ? rank - 2 : rank - 1]!;
  if (depth !== b.shape[turnB ? rank - 1 : rank - 2]!) return null;
  const out = heap.outputInfo([...leading, rows, columns]);
  const [pa, pb, pc] = [heap.address(a), heap.address(b), heap.address(out)];
  const count = leading.reduce((product, size) => product * size, 1);
  for (let i = 0; i < count; i++)
    heap.product(
      pa + i * rows * depth * 4,
      pb + i * depth * columns * 4,
      pc + i * rows * columns * 4,
      [rows, columns, depth],
      { a: turnA, b: turnB },
    );
  return out;
}
