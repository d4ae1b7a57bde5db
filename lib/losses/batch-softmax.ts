import * as tf from "@tensorflow/tfjs";
import { heapSoftmaxRows } from "../engine/ops/cosine-ops.js";
import { wasmHeap } from "../engine/wasm-heap.js";
import { UserError } from "../files/user-error.js";
import { ownScores, withoutMasked } from "./candidates.js";
import { cosineMatrix, unitRows } from "./cosine.js";
import { type BatchLoss, checkPairs } from "./loss.js";
import { lossPart, temperatureSetting } from "./loss-part.js";

/**
 * In-batch softmax cross-entropy on cosines (InfoNCE), query → document.
 * L = mean over i of log Σⱼ exp(cᵢⱼ/τ) − cᵢᵢ/τ,  c = cosine with each norm replaced by max(norm, 1e-8)
 *
 * Every other document given is a negative unless the context masks it: unmasked, a positive that occurs twice in a
 * batch is a false negative. With logQ in the context each logit is lowered by it. Targets follow the batch given, so
 * incomplete batches work (the original prepared them for one size, and in float64).
 *
 * @param options.temperature τ > 0; "scale" elsewhere is 1/τ
 * @returns loss in nats and its rows
 * @throws RangeError if τ ≤ 0 or, when called, if shapes differ
 * @see specs/0-qdrl.md section 8; van den Oord et al. 2018, arXiv:1807.03748
 */
export function batchSoftmax(options: { temperature: number }): BatchLoss {
  const { temperature } = options;
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new UserError(`batchSoftmax: temperature must be > 0, got ${temperature}`);
  return (queries, documents, context = {}) => {
    checkPairs("batchSoftmax", queries, documents);
    const heap = wasmHeap();
    if (heap && !context.negatives && !context.logQ) {
      const rows = heapSoftmaxRows(heap, unitRows(queries), unitRows(documents), 1 / temperature);
      return { value: tf.mean(rows) as tf.Scalar, perExample: rows };
    }
    const scaled = tf.div(cosineMatrix(queries, documents), temperature) as tf.Tensor2D;
    const logits = withoutMasked(scaled, context);
    const own = ownScores(logits);
    const perExample = tf.sub(tf.logSumExp(logits, 1), own) as tf.Tensor1D;
    return { value: tf.mean(perExample) as tf.Scalar, perExample };
  };
}

export const batchSoftmaxPart = lossPart({
  kind: "batch_softmax",
  displayName: "softmax",
  summary: "softmax cross-entropy over the batch's documents on cosines (InfoNCE), query → document",
  settings: { temperature: temperatureSetting("τ, the cosine is divided by it") },
  make: batchSoftmax,
});
