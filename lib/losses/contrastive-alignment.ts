import type * as tf from "@tensorflow/tfjs";
import { UserError } from "../files/user-error.js";
import { batchSoftmax } from "./batch-softmax.js";
import { candidateMask } from "./candidate-mask.js";

/**
 * Contrastive alignment of misspelled and clean queries: a misspelled query is to lie nearer to itself spelled well than
 * to the batch's other clean queries.
 * mean over i of log Σⱼ exp(cos(q̃ᵢ, qⱼ)/τ) − cos(q̃ᵢ, qᵢ)/τ,  j over i and the queries other than query i
 *
 * A query that stands in the batch several times (once per document that answers it) is no negative of itself.
 * Gradients reach both spellings. Other than in the source the misspelled query is the anchor, and one is drawn per query.
 *
 * @param misspelled  [B, D]; q̃
 * @param clean       [B, D], row i the same query as written; q
 * @param queryIds    [B] equal numbers are the same query
 * @param temperature τ > 0
 * @returns nats, 0 where a batch holds one query alone
 * @throws RangeError if shapes differ or τ ≤ 0
 * @see Sidiropoulos & Kanoulas 2022, arXiv:2205.02303
 */
export function contrastiveAlignment(
  misspelled: tf.Tensor2D,
  clean: tf.Tensor2D,
  queryIds: Int32Array,
  temperature: number,
): tf.Scalar {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new UserError(`contrastiveAlignment: temperature must be > 0, got ${temperature}`);
  const [rows, columns] = [misspelled.shape[0], clean.shape[0]];
  if (rows !== columns || rows !== queryIds.length)
    throw new UserError(
      `contrastiveAlignment: misspelled, clean and queryIds must be equally many, got ${rows}, ${columns} and ${queryIds.length}`,
    );
  const negatives = candidateMask(queryIds, queryIds, "same_document");
  return batchSoftmax({ temperature })(misspelled, clean, { negatives }).value;
}
