import * as tf from "@tensorflow/tfjs";
import { wasmHeap } from "../../engine/wasm-heap.js";

/**
 * Sum over rows; on wasm in the engine's kernel, because the backend's own sum over the first axis turns the matrix round
 * before.
 *
 * @param x [N, D]
 * @returns [D]
 */
export function columnSums(x: tf.Tensor2D): tf.Tensor1D {
  const [rows, columns] = x.shape;
  const heap = wasmHeap();
  if (!heap || x.dtype !== "float32") return tf.sum(x, 0);
  const sums = heap.output<tf.Tensor1D>([columns]);
  heap.kernels.columnSums(heap.address(x), columns * 4, rows, columns, heap.address(sums));
  return sums;
}
