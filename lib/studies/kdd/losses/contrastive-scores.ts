import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../../files/user-error.js";

export interface ContrastiveOptions {
  /** hinge: max(0, margin + s⁻ − s⁺); logistic: −ln σ(s⁺) for positives and −ln σ(−s⁻) for negatives */
  form: "hinge" | "logistic";
  /** all negatives of the batch, or the worst of each row and of each column */
  negatives: "all" | "hardest";
  reduction: "mean" | "sum";
  /** of the hinge */
  margin: number;
}

/**
 * Contrastive loss over a matrix of in-batch scores S, row i belonging with column i.
 *
 * hinge, hardest: max over j ≠ i of max(0, m + S_ij − S_ii) for rows, likewise for columns with S_jj; summed, or
 * averaged over the rows and over the columns. hinge, all: the sum of all such terms, or for each direction their mean
 * over the off-diagonal entries. logistic, all: −ln σ(S_ii) averaged over the pairs plus −ln σ(−S_ij) averaged over
 * the off-diagonal entries. logistic, hardest: −ln σ(S_ii) twice, as published, and the worst −ln σ(−S_ij) of the row and
 * of the column, averaged over the pairs.
 *
 * @param scores [B, B], B ≥ 2
 * @param counted  first so many rows and columns that count, where others fill up the batch; null: all
 * @throws RangeError if scores is not square or has one row
 * @see specs/3-kdd-multimodal-recall.md section 7; Faghri et al. 2018, arXiv:1707.05612 (hardest negatives)
 */
export function contrastiveScores(
  scores: tf.Tensor2D,
  options: ContrastiveOptions,
  counted: number | null = null,
): tf.Scalar {
  const [size, columns] = scores.shape;
  if (size !== columns || size < 2)
    throw new UserError(
      `contrastiveScores: scores must be square with 2 rows or more, got [${scores.shape}]`,
    );
  if (counted === null) {
    const eye = tf.eye(size);
    const off = tf.sub(1, eye) as tf.Tensor2D;
    return options.form === "hinge" ? hinge(scores, eye, off, options) : logistic(scores, eye, off, options);
  }
  const cells = (own: boolean) =>
    tf.tensor2d(
      Float32Array.from({ length: size * size }, (_, cell) => {
        const [row, column] = [Math.floor(cell / size), cell % size];
        return row < counted && column < counted && (row === column) === own ? 1 : 0;
      }),
      [size, size],
    );
  const own = cells(true);
  const others = cells(false);
  return options.form === "hinge"
    ? hinge(scores, own, others, options, counted)
    : logistic(scores, own, others, options, counted);
}

function hinge(
  scores: tf.Tensor2D,
  eye: tf.Tensor2D,
  off: tf.Tensor2D,
  { negatives, reduction, margin }: ContrastiveOptions,
  size = scores.shape[0],
): tf.Scalar {
  const own = tf.sum(tf.mul(scores, eye), 1);
  const rows = tf.mul(tf.relu(tf.add(tf.sub(scores, tf.expandDims(own, 1)), margin)), off);
  const columns = tf.mul(tf.relu(tf.add(tf.sub(scores, tf.expandDims(own, 0)), margin)), off);
  const [byRow, byColumn] =
    negatives === "hardest" ? [tf.max(rows, 1), tf.max(columns, 0)] : [tf.sum(rows, 1), tf.sum(columns, 0)];
  const total = tf.add(tf.sum(byRow), tf.sum(byColumn));
  if (reduction === "sum") return total as tf.Scalar;
  return tf.div(total, negatives === "hardest" ? size : size * (size - 1)) as tf.Scalar;
}

function logistic(
  scores: tf.Tensor2D,
  eye: tf.Tensor2D,
  off: tf.Tensor2D,
  { negatives, reduction }: ContrastiveOptions,
  size = scores.shape[0],
): tf.Scalar {
  const positive = tf.sum(tf.mul(tf.softplus(tf.neg(scores)), eye));
  const terms = tf.mul(tf.softplus(scores), off);
  const worst = tf.add(tf.sum(tf.max(terms, 1)), tf.sum(tf.max(terms, 0)));
  const twice = tf.mul(2, positive);
  if (reduction === "sum")
    return (negatives === "hardest" ? tf.add(twice, worst) : tf.add(positive, tf.sum(terms))) as tf.Scalar;
  if (negatives === "hardest") return tf.div(tf.add(twice, worst), size) as tf.Scalar;
  const spread = tf.div(tf.sum(terms), size * (size - 1));
  return tf.add(tf.div(positive, size), spread) as tf.Scalar;
}
