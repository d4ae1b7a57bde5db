import * as tf from "@tensorflow/tfjs";
import { type LayerNormParameters, layerNorm } from "../../../encoders/layer-norm.js";
import { graphLength } from "../../../engine/jit/graph-length.js";
import { UserError } from "../../../files/user-error.js";

/** Word lists of B queries, padded with 0 to the longest (at least 1). */
export interface PaddedWords {
  ids: Int32Array;
  lengths: Int32Array;
  maxLength: number;
}

/** Pads word lists. An empty list has length 0. */
export function padWords(lists: readonly (readonly number[])[], atLeast = 1): PaddedWords {
  const longest = Math.max(atLeast, 1, ...lists.map((list) => list.length));
  const maxLength = graphLength(longest, Number.POSITIVE_INFINITY, 4);
  const ids = new Int32Array(lists.length * maxLength);
  lists.forEach((list, row) => {
    ids.set(list, row * maxLength);
  });
  return { ids, lengths: Int32Array.from(lists, (list) => list.length), maxLength };
}

/** Frozen vectors of words: raw for matching, layer-normalised in front of recurrent layers. */
export class WordVectors {
  /** [V, D] */
  readonly table: tf.Tensor2D;

  /**
   * @param norm  the vectors' own layer norm; scale 1 and shift 0 if null
   * @throws RangeError unless values has rows · dim entries
   */
  constructor(
    values: Float32Array,
    readonly dim: number,
    private readonly norm: LayerNormParameters | null = null,
  ) {
    if (values.length === 0 || values.length % dim !== 0)
      throw new UserError(`WordVectors: values must be rows of ${dim} entries, got ${values.length} values`);
    this.table = tf.keep(tf.tensor2d(values, [values.length / dim, dim]));
  }

  get rows(): number {
    return this.table.shape[0];
  }

  /** Vectors of padded words, [B, T, D]. */
  raw(words: PaddedWords): tf.Tensor3D {
    const found = tf.gather(this.table, tf.tensor1d(words.ids, "int32"));
    return tf.reshape(found, [words.lengths.length, words.maxLength, this.dim]);
  }

  normalised(words: PaddedWords): tf.Tensor3D {
    const norm = this.norm ?? { scale: tf.scalar(1), shift: tf.scalar(0), epsilon: 1e-12 };
    return layerNorm(this.raw(words), norm) as tf.Tensor3D;
  }

  dispose(): void {
    this.table.dispose();
  }
}
