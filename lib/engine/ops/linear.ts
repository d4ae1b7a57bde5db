import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { graphOp, tracing } from "../jit/tracing.js";
import { type WasmHeap, wasmHeap } from "../wasm-heap.js";

/**
 * x · weight + bias, then max(0, ·) if `relu`. Differentiable once in all three; on wasm one op in our kernels.
 *
 * @param x      [B, K]
 * @param weight [K, N]
 * @param bias   [N]
 * @returns [B, N]
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D, relu: boolean): tf.Tensor2D {
  const heap = wasmHeap();
  if (heap) return heapLinear(heap, x, weight, bias, relu);
  const y = tracing() ? graphLinear(x, weight, bias) : (tf.add(tf.matMul(x, weight), bias) as tf.Tensor2D);
  return relu ? tf.relu(y) : y;
}

function heapLinear(
  heap: WasmHeap,
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
  relu: boolean,
): tf.Tensor2D {
  const [size, depth] = x.shape;
  const width = weight.shape[1];
  if (weight.shape[0] !== depth || bias.shape[0] !== width)
    throw new UserError(
      `linear: shapes must be [B, K], [K, N], [N], got [${x.shape}], [${weight.shape}], [${bias.shape}]`,
    );
  const { kernels: k } = heap;
  const at = (tensor: tf.Tensor) => heap.address(tensor);
  const op = tf.customGrad((input, matrix, offset, save) => {
    const y = heap.output<tf.Tensor2D>([size, width]);
    heap.product(at(input as tf.Tensor), at(matrix as tf.Tensor), at(y), [size, width, depth]);
    k.biasAct(at(y), width * 4, at(offset as tf.Tensor), size, width, relu ? 1 : 0);
    (save as tf.GradSaveFunc)([input as tf.Tensor, matrix as tf.Tensor, y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [a, w, out] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const slope = relu ? heap.output<tf.Tensor2D>([size, width]) : dy;
        if (relu) k.reluBackward(at(out), at(dy), at(slope), size * width);
        const toInput = heap.output<tf.Tensor2D>([size, depth]);
        const toWeight = heap.output<tf.Tensor2D>([depth, width]);
        const toBias = heap.output<tf.Tensor1D>([width]);
        heap.product(at(slope), at(w), at(toInput), [size, depth, width], { b: true });
        heap.product(at(a), at(slope), at(toWeight), [depth, width, size], { a: true });
        k.columnSums(at(slope), width * 4, size, width, at(toBias));
        return [toInput, toWeight, toBias];
      },
    };
  });
  return op(x, weight, bias) as tf.Tensor2D;
}

function graphLinear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, w, b, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    save([input, w]);
    return {
      value: graphOp<tf.Tensor>("GraphDense", { x: input, weight: w, bias: b }, { transposed: false }),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, by] = saved as [tf.Tensor2D, tf.Tensor2D];
        const rows = dy as tf.Tensor2D;
        return [tf.matMul(rows, by, false, true), tf.matMul(from, rows, true, false), tf.sum(rows, 0)];
      },
    };
  });
  return op(x, weight, bias) as tf.Tensor2D;
}
