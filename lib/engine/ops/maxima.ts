import * as tf from "@tensorflow/tfjs";

/**
 * log Σ exp over each row, its gradient (the row's softmax) written out: through the tape it goes by way of the row's
 * maximum, whose broadcast comparison is the slowest part of such a step on wasm.
 *
 * @param x [N, D] → [N]
 */
export function logSumExpRows(x: tf.Tensor2D): tf.Tensor1D {
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const top = tf.max(input, 1, true);
    const exponentials = tf.exp(tf.sub(input, top));
    const sums = tf.sum(exponentials, 1, true);
    save([exponentials, sums]);
    return {
      value: tf.squeeze(tf.add(tf.log(sums), top), [1]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [terms, total] = saved as [tf.Tensor, tf.Tensor];
        return [tf.mul(terms, tf.div(tf.expandDims(dy, 1), total))];
      },
    };
  });
  return op(x) as tf.Tensor1D;
}

/**
 * Maximum over one axis of few entries, pair by pair, for the same reason. Of equal entries the first has the gradient.
 *
 * @param axis from 0
 */
export function maxOverFew(x: tf.Tensor, axis: number): tf.Tensor {
  return tf.unstack(x, axis).reduce((best, next) => tf.maximum(best, next));
}
