import * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { itemLossPart } from "./item-loss-part.js";
import type { LabelLoss } from "./label-loss.js";
import { temperatureSetting } from "./loss-part.js";
import { type Similarity, similarityMatrix } from "./scored-batch-loss.js";
import { circle, circleSettings } from "./scores/circle.js";
import { multiSimilarity, multiSimilaritySettings } from "./scores/multi-similarity.js";
import type { ScoreLoss } from "./scores/score-loss.js";
import { softmaxScores } from "./scores/softmax.js";

/**
 * A loss of score matrices as a loss of labelled items: each item against all others, those of its label being
 * positives. The value is the mean over the items that have a positive (0 if none has).
 *
 * @returns perExample: one value per item
 */
export function labelledScoreLoss(scoreLoss: ScoreLoss, similarity: Similarity = "cosine"): LabelLoss {
  return (embeddings, { labels }) => {
    const size = labels.length;
    const positives = new Float32Array(size * size);
    const negatives = new Float32Array(size * size);
    let counted = 0;
    for (let i = 0; i < size; i++) {
      let some = 0;
      for (let j = 0; j < size; j++) {
        if (i === j) continue;
        if (labels[i] === labels[j]) some = positives[i * size + j] = 1;
        else negatives[i * size + j] = 1;
      }
      counted += some;
    }
    const scores = similarityMatrix(embeddings, embeddings, similarity);
    const perExample = scoreLoss(
      scores,
      tf.tensor2d(positives, [size, size]),
      tf.tensor2d(negatives, [size, size]),
    );
    return { value: tf.div(tf.sum(perExample), Math.max(1, counted)) as tf.Scalar, perExample };
  };
}

/**
 * NT-Xent: for each item, softmax cross-entropy of its partner among all other items, on cosines / τ.
 *
 * @throws RangeError if τ ≤ 0; when called, if a label does not occur exactly twice (supervised contrastive generalises it)
 * @see Chen et al. 2020, arXiv:2002.05709
 */
export function ntXent(options: { temperature?: number }): LabelLoss {
  const loss = labelledScoreLoss(softmaxScores(options.temperature ?? 0.1));
  return (embeddings, context) => {
    checkTwice(context.labels);
    return loss(embeddings, context);
  };
}

function checkTwice(labels: Int32Array): void {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  for (const [label, count] of counts)
    if (count !== 2)
      throw new UserError(
        `ntXent: every label must occur exactly twice in a batch, got ${label} ${count} times`,
      );
}

/** Supervised contrastive loss, all positives of an item averaged outside the logarithm; see softmaxScores. */
export function supervisedContrastive(options: { temperature?: number }): LabelLoss {
  return labelledScoreLoss(softmaxScores(options.temperature ?? 0.1));
}

export const ntXentPart = itemLossPart({
  kind: "nt_xent",
  summary: "softmax cross-entropy of each item's partner among all items (arXiv:2002.05709)",
  settings: { temperature: temperatureSetting() },
  mines: null,
  overPairs: false,
  make: ntXent,
});

export const supConPart = itemLossPart({
  kind: "sup_con",
  summary: "supervised contrastive loss (arXiv:2004.11362)",
  settings: { temperature: temperatureSetting() },
  mines: null,
  make: supervisedContrastive,
});

export const itemMultiSimilarityPart = itemLossPart({
  kind: "multi_similarity",
  summary: "multi-similarity loss of labelled items (arXiv:1904.06627)",
  settings: multiSimilaritySettings,
  mines: null,
  make: (options) => labelledScoreLoss(multiSimilarity(options)),
});

export const itemCirclePart = itemLossPart({
  kind: "circle",
  summary: "circle loss of labelled items (arXiv:2002.10857)",
  settings: circleSettings,
  mines: null,
  make: (options) => labelledScoreLoss(circle(options)),
});
