import type { Encoder, EncoderSpec } from "../encoders/encoder.js";
import { columnOf } from "../encoders/encoder.js";
import { tokenWeightsTable } from "../encoders/two-tower.js";
import type { PairSet } from "./pairs.js";

/**
 * Smoothed inverse document frequencies: idf(id) = ln((1 + N) / (1 + df(id))) + 1, with df the number of texts that hold
 * the id. An id that no text holds gets ln(1 + N) + 1; id 0, padding, likewise and never read.
 *
 * @param texts  lists of ids, [size, length] each, 0 = padding; N is the number of all their rows
 * @param rows   ids are below
 */
export function inverseDocumentFrequencies(
  texts: readonly { ids: Int32Array; length: number }[],
  rows: number,
): Float32Array {
  const frequency = new Int32Array(rows);
  const seenIn = new Int32Array(rows);
  let count = 0;
  for (const { ids, length } of texts)
    for (let start = 0; start < ids.length; start += length) {
      count++;
      for (let i = start; i < start + length; i++) {
        const id = ids[i]!;
        if (id === 0 || seenIn[id] === count) continue;
        seenIn[id] = count;
        frequency[id]!++;
      }
    }
  return Float32Array.from(frequency, (df) => Math.log((1 + count) / (1 + df)) + 1);
}

/** Gives an encoder whose token weights start at inverse document frequencies those of the distinct training texts. */
export function startTokenWeights(encoder: Encoder, spec: EncoderSpec, pairs: PairSet): void {
  if (spec.tokenWeights !== "idf" && spec.tokenWeights !== "learned_from_idf") return;
  const table = encoder.tables[tokenWeightsTable]!;
  const texts = [
    columnOf(pairs.queries, spec.queryTextFeature, "text"),
    columnOf(pairs.documents, spec.documentTextFeature, "text"),
  ];
  table.setWeights(inverseDocumentFrequencies(texts, table.rows));
}
