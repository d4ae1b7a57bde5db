import * as tf from "@tensorflow/tfjs";
import type { DropoutDraws } from "../../../encoders/dropout.js";
import type { LinearParameters, ParameterSet } from "../../../encoders/parameter-set.js";
import { BidirectionalGru } from "../../../encoders/recurrent/gru.js";
import type { PaddedWords, WordVectors } from "./word-vectors.js";

/**
 * Model 2: a sentence read from a picture. A bidirectional recurrent network of two layers, each state started in the
 * picture's caption head, reads the words; the mean of the last layer's final states gives the score.
 *
 * A query without words is scored by the picture alone.
 *
 * @see specs/3-kdd-multimodal-recall.md section 8
 */
export class SentenceMatcher {
  private readonly gru: BidirectionalGru;
  private readonly out: LinearParameters;

  /** @param options.dim entries of a head, of a word vector and of the states, as the heads start them */
  constructor(
    options: { dim: number; dropout: number },
    private readonly words: WordVectors,
    parameters: ParameterSet,
  ) {
    const { dim, dropout } = options;
    this.gru = new BidirectionalGru(
      { input: dim, hidden: dim, layers: 2, dropout },
      parameters.within("gru"),
    );
    this.out = parameters.linear("out", dim, 1);
  }

  /** Logits of query i with the picture of caption head i, [B, dim] → [B]. */
  scores(words: PaddedWords, caption: tf.Tensor2D, draws: DropoutDraws | null): tf.Tensor1D {
    const { last } = this.gru.run(this.words.normalised(words), words.lengths, caption, draws);
    return tf.squeeze(tf.add(tf.matMul(last, this.out.weight), this.out.bias), [1]) as tf.Tensor1D;
  }
}
