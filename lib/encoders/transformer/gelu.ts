import * as tf from "@tensorflow/tfjs";
import { layerKernels } from "./kernels/layer-kernels.js";

const density = 1 / Math.sqrt(2 * Math.PI);

/**
 * x Φ(x), Φ the normal distribution function: the exact form, not the tanh approximation. One pass over memory on wasm,
 * where the number of values is a multiple of 4.
 *
 * @see Hendrycks & Gimpel 2016, arXiv:1606.08415
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  const kernels = x.size % 4 === 0 ? layerKernels() : null;
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    save([input]);
    if (kernels) {
      const { heap } = kernels;
      const value = heap.output(input.shape);
      kernels.geluForward(heap.address(input), heap.address(value), input.size);
      return {
        value,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const dx = heap.output(input.shape);
          const [from, slope, to] = [saved[0]!, dy, dx].map((each) => heap.address(each));
          kernels.geluBackward(from!, slope!, to!, dx.size);
          return dx;
        },
      };
    }
    return {
      value: tf.mul(input, normal(input)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const from = saved[0]!;
        const slope = tf.mul(tf.mul(tf.exp(tf.mul(tf.square(from), -0.5)), density), from);
        return tf.mul(dy, tf.add(normal(from), slope));
      },
    };
  });
  return op(x) as T;
}

/** Φ(x) */
function normal(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}
