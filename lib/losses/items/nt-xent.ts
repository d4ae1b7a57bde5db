import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { cosineMatrix } from "../cosine.js";
import { entriesOf } from "../distances.js";
import { itemLossPart } from "../item-loss-part.js";
import { checkPositive } from "../scores/score-loss.js";
import { type ComparedLoss, comparedItemLoss } from "./compared-items.js";
import { cellCounts, countedLogSumExp, entriesAt, meanOf, zeroLoss } from "./reductions.js";

/**
 * NT-Xent: mean over positive pairs (a, p) of −ln(exp(c(a, p)/τ) / (exp(c(a, p)/τ) + Σₙ exp(c(a, n)/τ))), n over the
 * negatives of a. An item's other positives are left out, which is what sets it apart from sup_con; with two items a label
 * both are one function.
 *
 * @param options.exactlyTwo  refuses batches in which a label does not occur exactly twice, as Finetuner did
 * @returns perExample: one value per positive pair; 0 for a batch without positive or negative pairs
 * @throws RangeError if τ ≤ 0; when called, for labels that do not occur twice where they must
 * @see Chen et al. 2020, arXiv:2002.05709; for more positives as pytorch-metric-learning has it
 */
export function ntXent(options: { temperature?: number; exactlyTwo?: boolean } = {}): ComparedLoss {
  const { temperature = 0.07, exactlyTwo = false } = options;
  checkPositive("nt_xent", "temperature", temperature);
  return ({ embeddings, references, labels, tuples }) => {
    if (exactlyTwo) checkTwice(labels);
    const { positive, negative } = tuples.pairs();
    if (positive.anchor.length === 0 || negative.anchor.length === 0) return zeroLoss(embeddings);
    const logits = tf.div(cosineMatrix(embeddings, references), temperature) as tf.Tensor2D;
    const others = countedLogSumExp(logits, cellCounts(negative.anchor, negative.other, logits.shape));
    const own = entriesOf(logits, positive.anchor, positive.other);
    return meanOf(tf.softplus(tf.sub(entriesAt(others, positive.anchor), own)) as tf.Tensor1D);
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

export const ntXentPart = itemLossPart({
  kind: "nt_xent",
  published: ["NTXentLoss", "NTXLoss"],
  summary: "each positive pair against the negatives of its anchor (arXiv:2002.05709)",
  settings: {
    temperature: z.number().positive().default(0.07).describe("τ, cosines are divided by it"),
    exactly_two: z
      .boolean()
      .default(false)
      .describe("refuse a batch in which a label does not occur exactly twice, as Finetuner's own did"),
  },
  mines: "any",
  make: (options, parts) => comparedItemLoss(ntXent(options), parts),
});
