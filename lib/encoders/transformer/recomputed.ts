import * as tf from "@tensorflow/tfjs";

/** The part of tfjs's engine that a gradient inside a gradient would overwrite. */
interface TapeState {
  activeTape: unknown;
}

/**
 * compute(x, fixed) whose intermediate tensors are not kept for the gradient but made again when it is asked for (gradient
 * checkpointing): a network then holds one tensor per such part, and the intermediates of one part at a time, for about
 * a third more computation. Values and gradients are those of compute itself.
 *
 * @param compute    reads no other passing tensors than its arguments (they are gone when it runs again); must give the same value each time it is called with the same x and weights
 * @param x          [N, D]
 * @param fixed      an input without gradient
 * @param weights    everything else that `compute` is to be differentiated by
 * @see Chen et al. 2016, arXiv:1604.06174
 */
export function recomputed(
  compute: (x: tf.Tensor2D, fixed: tf.Tensor) => tf.Tensor2D,
  x: tf.Tensor2D,
  fixed: tf.Tensor,
  weights: readonly tf.Tensor[],
): tf.Tensor2D {
  const op = tf.customGrad((...args: unknown[]) => {
    const input = args[0] as tf.Tensor2D;
    (args[args.length - 1] as tf.GradSaveFunc)([input, fixed]);
    return {
      value: compute(input, fixed),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, constant] = saved as [tf.Tensor2D, tf.Tensor];
        const state = (tf.engine() as unknown as { state: TapeState }).state;
        const outerTape = state.activeTape;
        try {
          return tf.grads(((again: tf.Tensor2D) => compute(again, constant)) as never)(
            [from, ...weights],
            dy,
          );
        } finally {
          state.activeTape = outerTape;
        }
      },
    };
  });
  return op(x, ...(weights as tf.Tensor[])) as tf.Tensor2D;
}
