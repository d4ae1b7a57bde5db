import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../files/user-error.js";
import { negativeCells, ownCells } from "./candidates.js";
import { cosineMatrix } from "./cosine.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { lossPart, temperatureSetting } from "./loss-part.js";
import { maskedLogSumExp } from "./scores/score-loss.js";

/**
 * CLIP's loss: the mean of the softmax cross-entropies of rows (query → document) and columns (document → query).
 * L = ½ mean over i of [log Σⱼ exp(α cᵢⱼ) − α cᵢᵢ] + ½ mean over i of [log Σⱼ exp(α cⱼᵢ) − α cᵢᵢ]
 *
 * α is the scale, 1/τ. Learnable, it is e^t with the weight t = "log_scale", which {@link BatchLoss.clamp} keeps in
 * [0, ln maxScale] as CLIP does. Documents from row B on take part in the rows only. Masked pairs are left out both ways.
 *
 * @param options.temperature τ > 0, or the start of a learnable one
 * @param options.maxScale    upper end of a learnable scale (default 100)
 * @throws RangeError if τ ≤ 0, or a learnable scale starts outside [1, maxScale]
 * @see Radford et al. 2021, arXiv:2103.00020
 */
export function symmetricSoftmax(options: {
  temperature: number;
  learnable?: boolean;
  maxScale?: number;
}): BatchLoss {
  const { temperature, learnable = false, maxScale = 100 } = options;
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new UserError(`symmetricSoftmax: temperature must be > 0, got ${temperature}`);
  const start = Math.log(1 / temperature);
  if (learnable && !(start >= 0 && start <= Math.log(maxScale) + 1e-9))
    throw new UserError(
      `symmetricSoftmax: a learnable 1/temperature must start in [1, ${maxScale}], got ${1 / temperature}`,
    );
  const logScale = learnable ? tf.tidy(() => tf.variable(tf.scalar(start))) : null;
  const loss = (queries: tf.Tensor2D, documents: tf.Tensor2D, context: Parameters<BatchLoss>[2] = {}) => {
    checkPairs("symmetricSoftmax", queries, documents);
    const [size, columns] = [queries.shape[0], documents.shape[0]];
    const scale = logScale ? tf.exp(logScale) : 1 / temperature;
    let logits = tf.mul(cosineMatrix(queries, documents), scale) as tf.Tensor2D;
    if (context.logQ) logits = tf.sub(logits, tf.tensor2d(context.logQ, [1, columns]));
    const cells = ownCells(size, columns);
    const negatives = tf.tensor2d(negativeCells(size, columns, context), [size, columns]);
    const marked = tf.add(cells, negatives) as tf.Tensor2D;
    const own = tf.sum(tf.mul(logits, cells), 1);
    const rows = tf.sub(maskedLogSumExp(logits, marked), own);
    const square = tf.slice(logits, [0, 0], [size, size]);
    const markedSquare = tf.slice(marked, [0, 0], [size, size]);
    const turned = tf.sub(maskedLogSumExp(tf.transpose(square), tf.transpose(markedSquare)), own);
    const perExample = tf.div(tf.add(rows, turned), 2) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
  if (!logScale) return loss;
  const clamp = () =>
    tf.tidy(() => logScale.assign(tf.clipByValue(logScale, 0, Math.log(maxScale)) as tf.Scalar));
  return Object.assign(loss, { weights: { log_scale: logScale }, clamp });
}

export const symmetricSoftmaxPart = lossPart({
  kind: "symmetric_softmax",
  published: ["CLIPLoss"],
  summary: "CLIP's loss: softmax cross-entropy of rows and of columns (arXiv:2103.00020)",
  settings: {
    temperature: temperatureSetting("τ, or its start when learnable"),
    learnable: z.boolean().default(false).describe("train 1/τ, kept in [1, max_scale]"),
    max_scale: z.number().min(1).default(100).describe("upper end of a learnable 1/τ, as in CLIP"),
  },
  make: symmetricSoftmax,
});
