import * as tf from "@tensorflow/tfjs";
import type { DropoutDraws } from "../../../encoders/dropout.js";
import type { LinearParameters, ParameterSet } from "../../../encoders/parameter-set.js";
import { prelu, preluSlope } from "../../../encoders/prelu.js";
import { BidirectionalGru } from "../../../encoders/recurrent/gru.js";
import { maskBias } from "../../../encoders/regions/masks.js";
import type { ImageHeads } from "../../../encoders/regions/region-encoder.js";
import { tracing } from "../../../engine/jit/tracing.js";
import { bestHeads, bestHeadsCross, weightedScore } from "./word-scores.js";
import type { PaddedWords, WordVectors } from "./word-vectors.js";

export interface WordMatcherOptions {
  /** of the recurrent layers, per direction (256) */
  hidden: number;
  /** of the word weights (512) */
  weightHidden: number;
  /** entries of a head and of a word vector (1024) */
  dim: number;
  dropout: number;
}

/** The text side of a batch of queries. */
export interface QueryWords {
  raw: tf.Tensor3D;
  /** [Q, T, hidden] */
  states: tf.Tensor3D;
  lengths: Int32Array;
  /** 0, or −1e9 at padding */
  bias: tf.Tensor2D;
}

/**
 * Model 1: words against a picture. Score = Σᵢ aᵢ · max over heads of ⟨eᵢ, v_h⟩ with eᵢ the raw word vectors and a the
 * softmax of an MLP on [state of word i ; caption head], so the weights differ from picture to picture.
 *
 * A query without words scores 0.
 *
 * @see specs/3-kdd-multimodal-recall.md section 7
 */
export class WordMatcher {
  private readonly gru: BidirectionalGru;
  private readonly fromState: LinearParameters;
  /** the part of the first layer that reads the picture; its bias is in fromState */
  private readonly fromImage: tf.Variable<tf.Rank.R2>;
  private readonly slope: tf.Variable<tf.Rank.R0>;
  private readonly out: LinearParameters;

  constructor(
    private readonly options: WordMatcherOptions,
    private readonly words: WordVectors,
    parameters: ParameterSet,
  ) {
    const { hidden, weightHidden, dim, dropout } = options;
    this.gru = new BidirectionalGru({ input: dim, hidden, layers: 2, dropout }, parameters.within("gru"));
    const set = parameters.within("weight");
    const input = hidden + dim;
    this.fromState = {
      weight: set.uniform<tf.Rank.R2>("state.weight", [hidden, weightHidden], input),
      bias: set.uniform<tf.Rank.R1>("bias", [weightHidden], input),
    };
    this.fromImage = set.uniform<tf.Rank.R2>("image.weight", [dim, weightHidden], input);
    this.slope = preluSlope(set, "hidden");
    this.out = set.linear("out", weightHidden, 1);
  }

  read(words: PaddedWords, draws: DropoutDraws | null): QueryWords {
    const { states } = this.gru.run(this.words.normalised(words), words.lengths, null, draws);
    return this.withStates(words, states);
  }

  /** Queries whose states were made elsewhere. */
  withStates(words: PaddedWords, states: tf.Tensor3D): QueryWords {
    const bias = maskBias(words.lengths, words.maxLength);
    return { raw: this.words.raw(words), states, lengths: words.lengths, bias };
  }

  /** Scores of query i with picture i, [B]. */
  scores(query: QueryWords, image: ImageHeads): tf.Tensor1D {
    const [batch, length] = query.bias.shape;
    const { stateParts, imageParts } = this.parts(query, image);
    const logits = this.logits(
      tf.add(tf.reshape(stateParts, [batch, length, -1]), tf.expandDims(imageParts, 1)),
    );
    const score = weightedScore(bestHeads(query.raw, image.labels), tf.squeeze(logits, [2]), query.bias);
    return withoutEmpty(score, query.lengths, 1) as tf.Tensor1D;
  }

  /** Scores of every query with every picture, [Q, I]; the word weights are those of each pair. */
  crossScores(query: QueryWords, image: ImageHeads): tf.Tensor2D {
    const [queries, length] = query.bias.shape;
    const images = image.caption.shape[0];
    const width = this.options.weightHidden;
    const { stateParts, imageParts } = this.parts(query, image);
    const sums = tf.add(
      tf.reshape(stateParts, [queries, 1, length, width]),
      tf.reshape(imageParts, [1, images, 1, width]),
    );
    const logits = tf.reshape(this.logits(sums), [queries, images, length]);
    const bias = tf.reshape(query.bias, [queries, 1, length]);
    const scores = weightedScore(bestHeadsCross(query.raw, image.labels), logits, bias);
    return withoutEmpty(scores, query.lengths, images) as tf.Tensor2D;
  }

  private parts(query: QueryWords, image: ImageHeads): { stateParts: tf.Tensor2D; imageParts: tf.Tensor2D } {
    const [batch, length, hidden] = query.states.shape;
    const states = tf.reshape(query.states, [batch * length, hidden]) as tf.Tensor2D;
    return {
      stateParts: tf.add(tf.matMul(states, this.fromState.weight), this.fromState.bias),
      imageParts: tf.matMul(image.caption, this.fromImage),
    };
  }

  /** [.., weightHidden] → [.., 1] */
  private logits(sums: tf.Tensor): tf.Tensor {
    const width = this.options.weightHidden;
    const hidden = tf.reshape(prelu(sums, this.slope), [sums.size / width, width]) as tf.Tensor2D;
    const out = tf.add(tf.matMul(hidden, this.out.weight), this.out.bias);
    return tf.reshape(out, [...sums.shape.slice(0, -1), 1]);
  }
}

/** Scores of queries without words set to 0. */
function withoutEmpty(scores: tf.Tensor, lengths: Int32Array, columns: number): tf.Tensor {
  if (!lengths.includes(0) && !tracing()) return scores;
  const keep = Float32Array.from({ length: lengths.length * columns }, (_, i) =>
    lengths[Math.floor(i / columns)]! > 0 ? 1 : 0,
  );
  return tf.mul(scores, tf.tensor(keep, scores.shape));
}
