import * as tf from "@tensorflow/tfjs";

const density = 1 / Math.sqrt(2 * Math.PI);

/**
 * x Φ(x), Φ the normal distribution function: the exact form, not the tanh approximation.
 *
 * @see Hendrycks & Gimpel 2016, arXiv:1606.08415
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const share = tf.mul(tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1), 0.5);
    save([input, share]);
    return {
      value: tf.mul(input, share),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, phi] = saved as [tf.Tensor, tf.Tensor];
        const slope = tf.mul(tf.mul(tf.exp(tf.mul(tf.square(from), -0.5)), density), from);
        return tf.mul(dy, tf.add(phi, slope));
      },
    };
  });
  return op(x) as T;
}
