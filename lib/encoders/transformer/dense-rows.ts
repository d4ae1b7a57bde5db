import * as tf from "@tensorflow/tfjs";
import { graphOp, tracing } from "../../engine/jit/tracing.js";
import { type WasmHeap, wasmHeap } from "../../engine/wasm-heap.js";
import { columnSums } from "./column-sums.js";

/**
 * x · weightᵀ + bias, with the gradient written out so that no product takes the slow way through the tape; on wasm in the
 * engine's kernels.
 *
 * @param x      [N, in]
 * @param weight [out, in], as PyTorch stores it
 * @param bias   [out]
 * @returns [N, out]
 */
export function denseRows(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const heap = wasmHeap();
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, w, b, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    save([input, w]);
    return {
      value: heap ? heapDense(heap, input, w, b) : plainDense(input, w, b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, by] = saved as [tf.Tensor2D, tf.Tensor2D];
        const rows = dy as tf.Tensor2D;
        return [tf.matMul(rows, by), tf.matMul(rows, from, true, false), columnSums(rows)];
      },
    };
  });
  return op(x, weight, bias) as tf.Tensor2D;
}

function plainDense(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
  if (tracing()) return graphOp("GraphDense", { x, weight, bias }, { transposed: true });
  return tf.add(tf.matMul(x, weight, false, true), bias);
}

function heapDense(heap: WasmHeap, x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const [rows, into] = x.shape;
  const out = weight.shape[0];
  const y = heap.output<tf.Tensor2D>([rows, out]);
  const [from, by, plus, to] = [x, weight, bias, y].map((each) => heap.address(each));
  heap.product(from!, by!, to!, [rows, out, into], { b: true });
  heap.kernels.biasAct(to!, out * 4, plus!, rows, out, 0);
  return y;
}
