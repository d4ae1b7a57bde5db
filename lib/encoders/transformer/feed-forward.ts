import * as tf from "@tensorflow/tfjs";
import { graphOp, tracing } from "../../engine/jit/tracing.js";
import { denseRows } from "./dense-rows.js";
import { gelu } from "./gelu.js";

/** A dense layer as PyTorch stores it: weight [out, in] and bias [out]. */
export interface DenseParameters {
  weight: tf.Tensor2D;
  bias: tf.Tensor1D;
}

/**
 * gelu(x · W₁ᵀ + b₁) · W₂ᵀ + b₂. In a graph one op with its own gradient, which goes over the wide rows between the layers
 * half as often as the parts do.
 *
 * @param x [N, D] → [N, D]
 */
export function feedForward(x: tf.Tensor2D, inner: DenseParameters, outer: DenseParameters): tf.Tensor2D {
  if (!tracing()) return denseRows(gelu(denseRows(x, inner.weight, inner.bias)), outer.weight, outer.bias);
  const op = tf.customGrad((...args: unknown[]) => {
    const [rows, w1, b1, w2, b2, save] = args as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
      tf.GradSaveFunc,
    ];
    const [value, h, twice, wide] = graphOp<tf.Tensor[]>("GraphFeedForward", { x: rows, w1, b1, w2, b2 });
    save([rows, w1, w2, h!, twice!, wide!]);
    return {
      value: value!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, inward, outward, scaled, below, between] = saved as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const inputs = { x: from, w1: inward, w2: outward, h: scaled, twice: below, wide: between, dy };
        return graphOp<tf.Tensor[]>("GraphFeedForwardGradient", inputs);
      },
    };
  });
  return op(x, inner.weight, inner.bias, outer.weight, outer.bias) as tf.Tensor2D;
}
