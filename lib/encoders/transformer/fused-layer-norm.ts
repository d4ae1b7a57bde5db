import * as tf from "@tensorflow/tfjs";
import { graphOp, tracing } from "../../engine/jit/tracing.js";
import { columnSums } from "./column-sums.js";
import { type LayerKernels, layerKernels } from "./kernels/layer-kernels.js";

/**
 * (x − mean) / √(variance + eps) · scale + shift over the last axis, variance with divisor D. One pass over memory on wasm,
 * where D is a multiple of 4.
 *
 * @param x     [N, D]
 * @param scale [D]
 * @param shift [D]
 * @see Ba et al. 2016, arXiv:1607.06450
 */
export function fusedLayerNorm(
  x: tf.Tensor2D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  eps: number,
): tf.Tensor2D {
  const kernels = x.shape[1] % 4 === 0 ? layerKernels() : null;
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, by, plus, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    if (tracing()) return inGraph(input, by, plus, eps, save);
    return kernels ? inHeap(kernels, input, by, plus, eps, save) : inTape(input, by, plus, eps, save);
  });
  return op(x, scale, shift) as tf.Tensor2D;
}

type Differentiable = { value: tf.Tensor; gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[] };

function inHeap(
  { heap, layerNormForward, layerNormBackward }: LayerKernels,
  x: tf.Tensor2D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  eps: number,
  save: tf.GradSaveFunc,
): Differentiable {
  const [rows, width] = x.shape;
  const value = heap.output([rows, width]);
  const unit = heap.output([rows, width]);
  const inverse = heap.output([rows]);
  const at = (...tensors: tf.Tensor[]) => tensors.map((tensor) => heap.address(tensor));
  layerNormForward(...at(x, scale, shift, value, unit, inverse), rows, width, eps);
  save([unit, inverse, scale]);
  return {
    value,
    gradFunc: (dy, [u, inv, by]) => {
      const dx = heap.output([rows, width]);
      const toScale = heap.output([width]);
      const toShift = heap.output([width]);
      layerNormBackward(...at(dy, u!, inv!, by!, dx, toScale, toShift), rows, width);
      return [dx, toScale, toShift];
    },
  };
}

function inGraph(
  x: tf.Tensor2D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  epsilon: number,
  save: tf.GradSaveFunc,
): Differentiable {
  const [value, mean, inverse] = graphOp<tf.Tensor[]>("GraphLayerNorm", { x, scale, shift }, { epsilon });
  save([x, mean!, inverse!, scale]);
  return {
    value: value!,
    gradFunc: (dy, saved) => {
      const [input, centre, inv, by] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      return graphOp<tf.Tensor[]>("GraphLayerNormGradient", {
        x: input,
        mean: centre,
        inverse: inv,
        scale: by,
        dy,
      });
    },
  };
}

function inTape(
  x: tf.Tensor2D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  eps: number,
  save: tf.GradSaveFunc,
): Differentiable {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  const unit = tf.mul(centred, inverse);
  save([unit, inverse, scale]);
  return {
    value: tf.add(tf.mul(unit, scale), shift),
    gradFunc: (dy, saved) => {
      const [u, inv, g] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const du = tf.mul(dy, g);
      const along = tf.mean(tf.mul(du, u), 1, true);
      const dx = tf.mul(tf.sub(tf.sub(du, tf.mean(du, 1, true)), tf.mul(u, along)), inv);
      return [dx, columnSums(tf.mul(dy, u) as tf.Tensor2D), columnSums(dy as tf.Tensor2D)];
    },
  };
}
