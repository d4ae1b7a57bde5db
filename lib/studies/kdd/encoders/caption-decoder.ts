import * as tf from "@tensorflow/tfjs";
import { type DropoutDraws, dropout } from "../../../encoders/dropout.js";
import { applyLinear, type LinearParameters, type ParameterSet } from "../../../encoders/parameter-set.js";
import { prelu, preluSlope } from "../../../encoders/prelu.js";
import { type GruParameters, gruParameters, gruStep, runGru } from "../../../encoders/recurrent/gru.js";
import type { PaddedWords, WordVectors } from "./word-vectors.js";

/**
 * Writes captions: a recurrent unit started in the caption head reads a word at a time; its state, through a small MLP,
 * is compared with all word vectors.
 *
 * @see specs/3-kdd-multimodal-recall.md section 6
 */
export class CaptionDecoder {
  private readonly gru: GruParameters;
  private readonly first: LinearParameters;
  private readonly slope: tf.Variable<tf.Rank.R0>;
  private readonly second: LinearParameters;

  constructor(
    private readonly options: { dim: number; dropout: number },
    private readonly words: WordVectors,
    parameters: ParameterSet,
  ) {
    const { dim } = options;
    this.gru = gruParameters(parameters, "gru", dim, dim);
    this.first = parameters.linear("first", dim, dim);
    this.slope = preluSlope(parameters, "first");
    this.second = parameters.linear("second", dim, dim);
  }

  /** Logits of the next word after each but the last position, [B, T − 1, V]. */
  logits(words: PaddedWords, caption: tf.Tensor2D, draws: DropoutDraws | null): tf.Tensor3D {
    const steps = words.maxLength - 1;
    const x = tf.slice3d(this.words.raw(words), [0, 0, 0], [-1, steps, -1]);
    const { states } = runGru(x, words.lengths, this.gru, { start: caption });
    const [batch, , dim] = states.shape;
    const flat = tf.reshape(this.project(states, draws), [batch * steps, dim]);
    return tf.reshape(tf.matMul(flat, this.words.table, false, true), [batch, steps, this.words.rows]);
  }

  /** One step for several hypotheses: their last words and states → logits [N, V] and new states [N, D]. */
  step(last: readonly number[], states: tf.Tensor2D): { logits: tf.Tensor2D; states: tf.Tensor2D } {
    const x = tf.gather(this.words.table, tf.tensor1d([...last], "int32")) as tf.Tensor2D;
    const projected = tf.add(tf.matMul(x, this.gru.input), this.gru.inputBias) as tf.Tensor2D;
    const next = gruStep(projected, states, this.gru);
    const read = this.project(next, null) as tf.Tensor2D;
    return { logits: tf.matMul(read, this.words.table, false, true), states: next };
  }

  private project(states: tf.Tensor, draws: DropoutDraws | null): tf.Tensor {
    const hidden = dropout(prelu(applyLinear(states, this.first), this.slope), this.options.dropout, draws);
    return applyLinear(hidden, this.second);
  }
}
