import * as tf from "@tensorflow/tfjs";
import { type FeatureBatch, takeRows } from "../features/batch.js";
import type { Encoder } from "./encoder.js";

/**
 * Embeds every row of a batch of any size in evaluation mode, `batchSize` rows at a time, recording no gradients.
 * The encoder's `training` flag is put back afterwards.
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
    throw new RangeError(`encodeAll: batchSize must be a positive integer, got ${batchSize}`);
  for (const table of Object.values(encoder.tables)) table.keeper?.synchronise();
  const out = new Float32Array(batch.size * encoder.outputDim);
  const wasTraining = encoder.training;
  encoder.training = false;
  try {
    for (let from = 0; from < batch.size; from += batchSize) {
      const size = Math.min(batchSize, batch.size - from);
      const rows = Int32Array.from({ length: size }, (_, i) => from + i);
      const part = takeRows(batch, rows);
      const values = tf.tidy(() =>
        (side === "query" ? encoder.embedQueries(part) : encoder.embedDocuments(part)).dataSync(),
      );
      out.set(values, from * encoder.outputDim);
      options.onProgress?.(from + size, batch.size);
    }
  } finally {
    encoder.training = wasTraining;
  }
  return out;
}
