import * as tf from "@tensorflow/tfjs";
import { tracing } from "../../engine/jit/tracing.js";
import { type DropoutDraws, dropout } from "../dropout.js";
import type { ParameterSet } from "../parameter-set.js";

/** Gates in the order reset, update, new. */
export interface GruParameters {
  /** [input, 3H] */
  input: tf.Tensor2D;
  /** [H, 3H] */
  hidden: tf.Tensor2D;
  /** [3H] each */
  inputBias: tf.Tensor1D;
  hiddenBias: tf.Tensor1D;
}

/** Uniform in ±1/√H, as is usual for recurrent layers. */
export function gruParameters(set: ParameterSet, name: string, input: number, hidden: number): GruParameters {
  return {
    input: set.uniform<tf.Rank.R2>(`${name}.input`, [input, 3 * hidden], hidden),
    hidden: set.uniform<tf.Rank.R2>(`${name}.hidden`, [hidden, 3 * hidden], hidden),
    inputBias: set.uniform<tf.Rank.R1>(`${name}.inputBias`, [3 * hidden], hidden),
    hiddenBias: set.uniform<tf.Rank.R1>(`${name}.hiddenBias`, [3 * hidden], hidden),
  };
}

/**
 * One step of a gated recurrent unit.
 * r = σ(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)), h' = (1 − z) ⊙ n + z ⊙ h
 *
 * @param projected x · input + inputBias, [B, 3H]
 * @param h         [B, H]
 * @see Cho et al. 2014, arXiv:1406.1078 (with the reset gate after the product, as PyTorch and cuDNN have it)
 */
export function gruStep(projected: tf.Tensor2D, h: tf.Tensor2D, parameters: GruParameters): tf.Tensor2D {
  const recurrent = tf.add(tf.matMul(h, parameters.hidden), parameters.hiddenBias);
  const [xr, xz, xn] = tf.split(projected, 3, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const [hr, hz, hn] = tf.split(recurrent, 3, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const reset = tf.sigmoid(tf.add(xr, hr));
  const update = tf.sigmoid(tf.add(xz, hz));
  const candidate = tf.tanh(tf.add(xn, tf.mul(reset, hn)));
  return tf.add(tf.mul(tf.sub(1, update), candidate), tf.mul(update, h)) as tf.Tensor2D;
}

/**
 * Runs a unit over padded sequences. Padding does not change the state, so the last state is that of the last real
 * position, and a sequence's states do not depend on how far it is padded.
 *
 * @param x       [B, T, input]
 * @param lengths real positions of each sequence, from the front
 * @param start   [B, H], zeros if null
 * @returns states [B, T, H] in the order of the positions, and the final state [B, H]
 */
export function runGru(
  x: tf.Tensor3D,
  lengths: ArrayLike<number>,
  parameters: GruParameters,
  options: { start?: tf.Tensor2D | null; reverse?: boolean } = {},
): { states: tf.Tensor3D; last: tf.Tensor2D } {
  const [batch, steps, input] = x.shape;
  const hidden = parameters.hidden.shape[0];
  const flat = tf.reshape(x, [batch * steps, input]) as tf.Tensor2D;
  const projected = tf.reshape(tf.add(tf.matMul(flat, parameters.input), parameters.inputBias), [
    batch,
    steps,
    3 * hidden,
  ]);
  const at = tf.unstack(projected, 1) as tf.Tensor2D[];
  let h: tf.Tensor2D = options.start ?? tf.zeros([batch, hidden]);
  const states: tf.Tensor2D[] = new Array(steps);
  for (let i = 0; i < steps; i++) {
    const t = options.reverse ? steps - 1 - i : i;
    const next = gruStep(at[t]!, h, parameters);
    h = keepAtPadding(next, h, lengths, t);
    states[t] = h;
  }
  return { states: tf.stack(states, 1) as tf.Tensor3D, last: h };
}

function keepAtPadding(
  next: tf.Tensor2D,
  h: tf.Tensor2D,
  lengths: ArrayLike<number>,
  t: number,
): tf.Tensor2D {
  const real = Float32Array.from({ length: lengths.length }, (_, row) => (t < lengths[row]! ? 1 : 0));
  // a graph serves batches whose padding begins anywhere
  if (!real.includes(0) && !tracing()) return next;
  const mask = tf.tensor2d(real, [real.length, 1]);
  return tf.add(tf.mul(next, mask), tf.mul(h, tf.sub(1, mask))) as tf.Tensor2D;
}

/** Mean of the two directions, position by position. */
export function mergeDirections<T extends tf.Tensor>(forward: T, backward: T): T {
  return tf.div(tf.add(forward, backward), 2) as T;
}

export interface BidirectionalOptions {
  input: number;
  hidden: number;
  layers: number;
  /** between layers, in training */
  dropout: number;
}

/** Stacked bidirectional units; a layer reads both directions of the one below, side by side. */
export class BidirectionalGru {
  private readonly layers: { forward: GruParameters; backward: GruParameters }[] = [];

  constructor(
    private readonly options: BidirectionalOptions,
    parameters: ParameterSet,
  ) {
    for (let layer = 0; layer < options.layers; layer++) {
      const input = layer === 0 ? options.input : 2 * options.hidden;
      this.layers.push({
        forward: gruParameters(parameters, `${layer}.forward`, input, options.hidden),
        backward: gruParameters(parameters, `${layer}.backward`, input, options.hidden),
      });
    }
  }

  /**
   * @param start  state that every layer and direction starts in, [B, hidden]; zeros if null
   * @returns last layer: states [B, T, hidden] and final states [B, hidden], both the mean of the directions
   */
  run(
    x: tf.Tensor3D,
    lengths: ArrayLike<number>,
    start: tf.Tensor2D | null,
    draws: DropoutDraws | null,
  ): { states: tf.Tensor3D; last: tf.Tensor2D } {
    let input = x;
    for (let layer = 0; ; layer++) {
      const { forward, backward } = this.layers[layer]!;
      const ahead = runGru(input, lengths, forward, { start });
      const back = runGru(input, lengths, backward, { start, reverse: true });
      if (layer === this.layers.length - 1)
        return {
          states: mergeDirections(ahead.states, back.states),
          last: mergeDirections(ahead.last, back.last),
        };
      input = dropout(tf.concat3d([ahead.states, back.states], 2), this.options.dropout, draws);
    }
  }
}
