import * as tf from "@tensorflow/tfjs";
import { fillNormal } from "../../engine/random/fill-random.js";
import { Random } from "../../engine/random/random.js";
import { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { PaddedTokens } from "../../features/token-column.js";
import { UserError } from "../../files/user-error.js";
import { parameterShapes, type TransformerArchitecture, wordTableName } from "./architecture.js";
import { attentionShares } from "./attention-shares.js";
import { denseRows } from "./dense-rows.js";
import { type DenseParameters, feedForward } from "./feed-forward.js";
import { fusedLayerNorm } from "./fused-layer-norm.js";
import { recomputed } from "./recomputed.js";
import type { Dropout } from "./seeded-dropout.js";
import { withoutGradient } from "./without-gradient.js";

const INITIAL_DEVIATION = 0.02;

/** The layers of BERT in tfjs: dense parameters on the tape, the word table outside it. */
export class BertModel {
  readonly words: EmbeddingTable;
  /** by Hugging Face's names, without the word table */
  readonly weights: Record<string, tf.Variable> = {};

  /**
   * Initialised N(0, 0.02²), biases and shifts 0, scales 1, as BERT is.
   *
   * @param random forked by parameter name
   * @param pooler with the parameters that pooling "pooler" needs
   * @param options checkpointed: keep only each layer's input for the gradient, see {@link recomputed}; frozenLayers: no
   *   gradient for the embeddings and this many of the lowest layers, if it is above 0
   */
  constructor(
    readonly architecture: TransformerArchitecture,
    random: Random,
    private readonly dropout: Dropout,
    pooler: boolean,
    tableName = "words",
    private readonly options: { checkpointed?: boolean; frozenLayers?: number } = {},
  ) {
    const { vocabSize: rows, hiddenSize: dim } = architecture;
    this.words = new EmbeddingTable({ rows, dim, name: tableName, paddingRow: false });
    const initial = new Float32Array(rows * dim);
    fillNormal(initial, random, wordTableName);
    for (let i = 0; i < initial.length; i++) initial[i]! *= INITIAL_DEVIATION;
    this.words.setWeights(initial);
    for (const [name, shape] of parameterShapes(architecture, pooler)) {
      if (name === wordTableName) continue;
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (name.endsWith("LayerNorm.weight")) values.fill(1);
      else if (!name.endsWith(".bias")) {
        fillNormal(values, random, name);
        for (let i = 0; i < values.length; i++) values[i]! *= INITIAL_DEVIATION;
      }
      this.weights[name] = tf.tidy(() => tf.variable(tf.tensor(values, shape)));
    }
  }

  /**
   * Hidden states of the last layer, [B, T, D]; what stands at padding is not meaningful.
   *
   * @param onLayer called with the embeddings and after every layer, [B · T, D]
   * @throws RangeError if a text is longer than the positions there are
   */
  forward(tokens: PaddedTokens, onLayer?: (hidden: tf.Tensor2D) => void): tf.Tensor3D {
    const { size: B, length: T } = tokens;
    const { hiddenSize: D, numHiddenLayers, maxPositionEmbeddings } = this.architecture;
    if (T > maxPositionEmbeddings)
      throw new UserError(
        `transformer: a text may have ${maxPositionEmbeddings} tokens, got ${T}; set a maximum length`,
      );
    const { checkpointed = false, frozenLayers: frozen = 0 } = this.options;
    const visible = tf.tensor(Float32Array.from(tokens.mask), [B, 1, 1, T]);
    const hide = tf.mul(tf.sub(visible, 1), 1e9); // 0 for tokens, −1e9 for padding
    const layers = (from: number, to: number, start: tf.Tensor2D, again: boolean): tf.Tensor2D => {
      let x = start;
      for (let layer = from; layer < to; layer++) {
        const prefix = `encoder.layer.${layer}`;
        const below = x;
        const plain = () => this.layer(prefix, below, hide, B, T);
        if (layer < frozen) x = tf.tidy(plain);
        else x = again ? this.layerAgain(prefix, x, hide, B, T) : plain();
        onLayer?.(x);
      }
      return x;
    };
    const bottom = (): tf.Tensor2D => {
      const x = this.embed(tokens);
      onLayer?.(x);
      return layers(0, frozen, x, false);
    };
    const start = frozen > 0 ? withoutGradient(bottom) : bottom();
    return tf.reshape(layers(frozen, numHiddenLayers, start, checkpointed), [B, T, D]);
  }

  /** Whether training leaves a parameter alone: the word table's name or one of {@link weights}. */
  isFrozen(name: string): boolean {
    const { frozenLayers: frozen = 0 } = this.options;
    if (frozen === 0) return false;
    const layer = /^encoder\.layer\.(\d+)\./.exec(name)?.[1];
    return layer === undefined ? name.startsWith("embeddings.") : Number(layer) < frozen;
  }

  /** The pooler's dense layer over the first token's vectors, before tanh. */
  pooler(first: tf.Tensor2D): tf.Tensor2D {
    return this.dense("pooler.dense", first);
  }

  dispose(): void {
    this.words.dispose();
    for (const weight of Object.values(this.weights)) weight.dispose();
  }

  private embed({ size: B, length: T, ids, typeIds }: PaddedTokens): tf.Tensor2D {
    const { hiddenSize: D, typeVocabSize, hiddenDropout } = this.architecture;
    const words = tf.reshape(this.words.lookup(ids), [B, T, D]);
    const positions = tf.slice(this.weights["embeddings.position_embeddings.weight"]!, [0, 0], [T, D]);
    const types = tf.matMul(
      tf.oneHot(tf.tensor1d(Int32Array.from(typeIds), "int32"), typeVocabSize).toFloat() as tf.Tensor2D,
      this.weights["embeddings.token_type_embeddings.weight"] as tf.Tensor2D,
    );
    const sum = tf.add(tf.add(words, tf.reshape(types, [B, T, D])), positions);
    const normed = this.norm("embeddings.LayerNorm", tf.reshape(sum, [B * T, D]));
    return this.dropout.apply(normed, hiddenDropout);
  }

  /** {@link layer} without its intermediates; dropout draws the same masks when it is computed again. */
  private layerAgain(prefix: string, x: tf.Tensor2D, hide: tf.Tensor, B: number, T: number): tf.Tensor2D {
    const names = Object.keys(this.weights).filter((name) => name.startsWith(`${prefix}.`));
    const begin = this.dropout.generator.state();
    let first = true;
    const compute = (input: tf.Tensor2D, hidden: tf.Tensor): tf.Tensor2D => {
      if (first) {
        first = false;
        return this.layer(prefix, input, hidden, B, T);
      }
      const now = this.dropout.generator;
      this.dropout.generator = Random.fromState(begin);
      try {
        return this.layer(prefix, input, hidden, B, T);
      } finally {
        this.dropout.generator = now;
      }
    };
    return recomputed(
      compute,
      x,
      hide,
      names.map((name) => this.weights[name]!),
    );
  }

  private layer(prefix: string, x: tf.Tensor2D, hide: tf.Tensor, B: number, T: number): tf.Tensor2D {
    const { hiddenDropout } = this.architecture;
    const attended = this.dense(`${prefix}.attention.output.dense`, this.attention(prefix, x, hide, B, T));
    const first = this.norm(
      `${prefix}.attention.output.LayerNorm`,
      tf.add(this.dropout.apply(attended, hiddenDropout), x) as tf.Tensor2D,
    );
    const between = feedForward(
      first,
      this.denseParameters(`${prefix}.intermediate.dense`),
      this.denseParameters(`${prefix}.output.dense`),
    );
    const second = this.dropout.apply(between, hiddenDropout);
    return this.norm(`${prefix}.output.LayerNorm`, tf.add(second, first) as tf.Tensor2D);
  }

  /** softmax(q kᵀ / √d + hide) v per head, heads side by side again: [B · T, D]. */
  private attention(prefix: string, x: tf.Tensor2D, hide: tf.Tensor, B: number, T: number): tf.Tensor2D {
    const { hiddenSize: D, numAttentionHeads: H, attentionDropout } = this.architecture;
    const d = D / H;
    const heads = (part: string, perm: number[]): tf.Tensor4D =>
      tf.transpose(
        tf.reshape(this.dense(`${prefix}.attention.self.${part}`, x), [B, T, H, d]),
        perm,
      ) as tf.Tensor4D;
    const products = tf.matMul(heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]));
    const shares = attentionShares(products as tf.Tensor4D, hide, 1 / Math.sqrt(d));
    const context = tf.matMul(this.dropout.apply(shares, attentionDropout), heads("value", [0, 2, 1, 3]));
    return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [B * T, D]);
  }

  private dense(name: string, x: tf.Tensor2D): tf.Tensor2D {
    const { weight, bias } = this.denseParameters(name);
    return denseRows(x, weight, bias);
  }

  private denseParameters(name: string): DenseParameters {
    return {
      weight: this.weights[`${name}.weight`] as tf.Tensor2D,
      bias: this.weights[`${name}.bias`] as tf.Tensor1D,
    };
  }

  private norm(name: string, x: tf.Tensor2D): tf.Tensor2D {
    const scale = this.weights[`${name}.weight`] as tf.Tensor1D;
    const shift = this.weights[`${name}.bias`] as tf.Tensor1D;
    return fusedLayerNorm(x, scale, shift, this.architecture.layerNormEps);
  }
}
