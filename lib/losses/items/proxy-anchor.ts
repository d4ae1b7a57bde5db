import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { unitRows } from "../cosine.js";
import { itemLossPart } from "../item-loss-part.js";
import { marginSetting } from "../loss-part.js";
import { checkPositive, maskedLogSumExp } from "../scores/score-loss.js";
import { type ClassifierSize, type ClassLoss, classVectors, ownClasses } from "./classifier.js";
import { type ComparedLoss, checkClasses, weightedItemLoss } from "./compared-items.js";

/**
 * Proxy-anchor loss: each class vector ("class_weights") is an anchor.
 * (1/|C₊|) Σ over classes of ln(1 + Σ own items exp(−α (c − m))) + (1/|C|) Σ of ln(1 + Σ others exp(α (c + m))),
 * C₊ the classes that the batch holds. A miner's weight of an item, less 1, is added to its exponents.
 *
 * @returns perExample: one value per class, positives and negatives together
 * @see Kim et al. 2020, arXiv:2003.13911
 */
export function proxyAnchor(options: ClassifierSize & { margin?: number; alpha?: number }): ClassLoss {
  const { margin = 0.1, alpha = 32, classes } = options;
  checkPositive("proxyAnchor", "alpha", alpha);
  const proxies = classVectors("proxyAnchor", options);
  const compute: ComparedLoss = ({ embeddings, labels, tuples }) => {
    const own = tf.transpose(ownClasses("proxyAnchor", labels, classes)) as tf.Tensor2D;
    const cosines = tf.matMul(unitRows(proxies), unitRows(embeddings), false, true);
    const weights = tf.sub(tf.tensor2d(tuples.weights(), [1, labels.length]), 1);
    const side = (x: tf.Tensor, keep: tf.Tensor2D) =>
      tf.softplus(maskedLogSumExp(tf.add(tf.mul(x, alpha), weights) as tf.Tensor2D, keep));
    const pulls = side(tf.sub(margin, cosines), own);
    const pushes = side(tf.add(cosines, margin), tf.sub(1, own) as tf.Tensor2D);
    const shares = [new Set(labels).size, classes];
    const perExample = tf.add(tf.div(pulls, shares[0]!), tf.div(pushes, shares[1]!)) as tf.Tensor1D;
    return { value: tf.sum(perExample) as tf.Scalar, perExample };
  };
  return { compute, weights: { class_weights: proxies } };
}

export const proxyAnchorPart = itemLossPart({
  kind: "proxy_anchor",
  published: ["ProxyAnchorLoss"],
  summary: "class vectors as anchors of all items (arXiv:2003.13911)",
  settings: {
    margin: marginSetting(0.1, "m, in units of cosine"),
    alpha: z.number().positive().default(32).describe("α, the scale of the cosines"),
  },
  mines: "any",
  classes: true,
  make: (options, parts) => {
    checkClasses("proxy_anchor", parts);
    return weightedItemLoss(proxyAnchor({ ...options, ...parts }), parts);
  },
});
