import * as tf from "@tensorflow/tfjs";
import { type FeatureBatch, takeRows } from "../features/batch.js";
import { tokenCounts } from "../features/token-column.js";
import { UserError } from "../files/user-error.js";
import type { Encoder } from "./encoder.js";

/** Word-pieces of a batch, padding included, where texts are read as word-pieces: what tfjs is given at once. */
const TOKENS_PER_BATCH = 8192;

/**
 * Embeds every row of a batch of any size in evaluation mode, `batchSize` rows at a time, recording no gradients.
 * The encoder's `training` flag is put back afterwards. Texts read as word-pieces are taken shortest first and at most
 * 8,192 pieces at a time, so that little is padding; that changes no embedding beyond rounding.
 *
 * @returns [batch.size, encoder.outputDim], row after row
 * @throws RangeError if batchSize is not a positive integer
 */
export function encodeAll(
  encoder: Encoder,
  batch: FeatureBatch,
  side: "query" | "document",
  options: { batchSize?: number; onProgress?: (done: number, total: number) => void } = {},
): Float32Array {
  const batchSize = options.batchSize ?? 4096;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new UserError(`encodeAll: batchSize must be a positive integer, got ${batchSize}`);
  for (const table of Object.values(encoder.tables)) table.keeper?.synchronise();
  const out = new Float32Array(batch.size * encoder.outputDim);
  const wasTraining = encoder.training;
  encoder.training = false;
  try {
    let done = 0;
    for (const rows of rowBatches(batch, batchSize)) {
      const part = takeRows(batch, rows);
      // the values must not be what tidy's function returns: it would look for tensors in them, one number at a time
      tf.tidy(() => {
        const embedded = side === "query" ? encoder.embedQueries(part) : encoder.embedDocuments(part);
        const values = embedded.dataSync();
        const dim = encoder.outputDim;
        for (let i = 0; i < rows.length; i++)
          out.set(values.subarray(i * dim, (i + 1) * dim) as Float32Array, rows[i]! * dim);
      });
      done += rows.length;
      options.onProgress?.(done, batch.size);
    }
  } finally {
    encoder.training = wasTraining;
  }
  return out;
}

/**
 * Rows in the order and the groups in which they are embedded.
 *
 * @param tokens word-pieces of a group, padding included, where texts are read as word-pieces; a longer text goes alone
 */
export function* rowBatches(
  batch: FeatureBatch,
  batchSize: number,
  tokens: number = TOKENS_PER_BATCH,
): Generator<Int32Array> {
  const order = Int32Array.from({ length: batch.size }, (_, i) => i);
  const lengths = longestTexts(batch);
  if (lengths === null) {
    for (let from = 0; from < batch.size; from += batchSize) yield order.slice(from, from + batchSize);
    return;
  }
  order.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && to - from < batchSize && (to - from + 1) * lengths[order[to]!]! <= tokens)
      to++;
    yield order.slice(from, to);
    from = to;
  }
}

function longestTexts(batch: FeatureBatch): Int32Array | null {
  let longest: Int32Array | null = null;
  for (const column of Object.values(batch.columns)) {
    if (column.kind !== "tokens") continue;
    const counts = tokenCounts(column);
    const before: Int32Array | null = longest;
    longest = before ? counts.map((count, row) => Math.max(count, before[row]!)) : counts;
  }
  return longest;
}
