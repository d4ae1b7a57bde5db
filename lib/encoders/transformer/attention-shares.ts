import * as tf from "@tensorflow/tfjs";
import { graphOp, tracing } from "../../engine/jit/tracing.js";
import { layerKernels } from "./kernels/layer-kernels.js";

/**
 * softmax(scale · products + hide) over the last axis: how much each token attends to each other.
 *
 * @param products [B, H, T, T]
 * @param hide     [B, 1, 1, T], 0 for tokens and −1e9 for padding; it has no gradient
 */
export function attentionShares(products: tf.Tensor4D, hide: tf.Tensor, scale: number): tf.Tensor4D {
  const kernels = layerKernels();
  if (tracing()) return graphShares(products, hide, scale);
  if (!kernels) return tf.softmax(tf.add(tf.mul(products, scale), hide)) as tf.Tensor4D;
  const { heap } = kernels;
  const [B, H, Q, T] = products.shape;
  const op = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [tf.Tensor4D, tf.GradSaveFunc];
    const value = heap.output<tf.Tensor4D>(x.shape);
    const [from, mask, to] = [x, hide, value].map((each) => heap.address(each));
    kernels.maskedSoftmax(from!, mask!, to!, B, H * Q, T, scale);
    save([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const dx = heap.output<tf.Tensor4D>(x.shape);
        const [shares, slope, out] = [saved[0]!, dy, dx].map((each) => heap.address(each));
        kernels.softmaxBackward(shares!, slope!, out!, B * H * Q, T, scale);
        return dx;
      },
    };
  });
  return op(products) as tf.Tensor4D;
}

function graphShares(products: tf.Tensor4D, hide: tf.Tensor, scale: number): tf.Tensor4D {
  const op = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [tf.Tensor4D, tf.GradSaveFunc];
    const value = graphOp<tf.Tensor>("GraphShares", { products: x, hide }, { scale });
    save([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        graphOp<tf.Tensor>("GraphSoftmaxGradient", { shares: saved[0]!, dy }, { scale }),
    };
  });
  return op(products) as tf.Tensor4D;
}
