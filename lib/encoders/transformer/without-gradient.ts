import * as tf from "@tensorflow/tfjs";

/**
 * compute() as a constant: nothing of it is on the tape, its intermediate tensors are freed at once, and gradients end
 * here.
 *
 * @param compute must not change anything but tensors of its own
 */
export function withoutGradient<T extends tf.Tensor>(compute: () => T): T {
  const op = tf.customGrad((nothing) => ({
    value: compute(),
    gradFunc: () => tf.zerosLike(nothing as tf.Tensor),
  }));
  return op(tf.scalar(0)) as T;
}
