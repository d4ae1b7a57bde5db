import * as tf from "@tensorflow/tfjs";
import { power } from "../../engine/power.js";
import { lossPart, similaritySetting, temperatureSetting } from "../loss-part.js";
import { scoredBatchLoss } from "../scored-batch-loss.js";
import { checkCube, checkPositive, hasAny, onlyPositive, type ScoreLoss } from "./score-loss.js";

/**
 * Approximate nDCG: 1 − (Σⱼ gain(gⱼ) / log₂(1 + r̃ⱼ)) / ideal, r̃ⱼ = 1 + Σ_{k ≠ j} σ((sₖ − sⱼ)/T) over marked candidates,
 * gain(g) = 2ᵍ − 1. As T → 0 the exact 1 − nDCG.
 *
 * @see Qin et al. 2010, doi:10.1007/s10791-009-9124-x; Bruch et al. 2019, doi:10.1145/3331184.3331347
 */
export function approximateNdcg(temperature: number): ScoreLoss {
  checkPositive("approximateNdcg", "temperature", temperature);
  return (scores, grades, negatives) => {
    const [rows, columns] = scores.shape;
    const own = onlyPositive(scores, grades);
    if (own) {
      const above = tf.mul(tf.sigmoid(tf.div(tf.sub(scores, own), temperature)), negatives);
      const rank = tf.add(tf.sum(above, 1), 1);
      return tf.mul(tf.sub(1, tf.div(Math.LN2, tf.log(tf.add(rank, 1)))), hasAny(tf.sign(grades)));
    }
    checkCube("approximateNdcg", rows, columns);
    const marked = tf.add(tf.cast(tf.greater(grades, 0), "float32"), negatives);
    const ideal = tf.tensor1d(idealDcg(grades.dataSync(), rows, columns));
    const difference = tf.sub(tf.reshape(scores, [rows, 1, columns]), tf.reshape(scores, [rows, columns, 1]));
    const above = tf.mul(
      tf.sigmoid(tf.div(difference, temperature)),
      tf.mul(
        tf.reshape(marked, [rows, 1, columns]),
        tf.sub(1, tf.reshape(tf.eye(columns), [1, columns, columns])),
      ),
    );
    const ranks = tf.add(tf.sum(above, 2), 1);
    const gains = tf.sub(tf.pow(tf.scalar(2), grades), 1);
    const dcg = tf.sum(tf.div(tf.mul(gains, Math.LN2), tf.log(tf.add(ranks, 1))), 1);
    const some = tf.cast(tf.greater(ideal, 0), "float32");
    return tf.mul(tf.sub(1, tf.div(dcg, tf.maximum(ideal, 1e-12))), some) as tf.Tensor1D;
  };
}

function idealDcg(grades: ArrayLike<number>, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => grades[i * columns + j]!)
      .sort((a, b) => b - a)
      .reduce((sum, grade, rank) => sum + (power(2, grade) - 1) / Math.log2(rank + 2), 0),
  );
}

export const approximateNdcgPart = lossPart({
  kind: "approximate_ndcg",
  summary: "1 − nDCG with sigmoids for ranks (doi:10.1007/s10791-009-9124-x)",
  settings: {
    temperature: temperatureSetting("of the sigmoids that stand for ranks"),
    similarity: similaritySetting,
  },
  make: ({ temperature, similarity }) =>
    scoredBatchLoss("approximate_ndcg", approximateNdcg(temperature), {
      similarity,
      logQScale: temperature,
      readsGrades: true,
    }),
});
