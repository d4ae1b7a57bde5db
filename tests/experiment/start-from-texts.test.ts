import { describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { EncoderSpec } from "../../lib/encoders/encoder.js";
import { Random } from "../../lib/engine/random/random.js";
import type { PairSet } from "../../lib/experiment/pairs.js";
import { startFromTexts } from "../../lib/experiment/start-from-texts.js";

const text = (ids: number[], length: number) => ({
  kind: "text" as const,
  ids: Int32Array.from(ids),
  length,
});
const pairs: PairSet = {
  queries: { size: 2, columns: { q: text([1, 0, 3, 0], 2) } },
  documents: { size: 1, columns: { d: text([3, 5], 2) } },
  queryOf: Int32Array.from([0, 1]),
  documentOf: Int32Array.from([0, 0]),
};
const spec = (more: Partial<EncoderSpec> = {}, untrainedRows?: "zero"): EncoderSpec => ({
  kind: "TwoTower",
  textEmbedding: { numEmbeddings: 7, embeddingDim: 4, ...(untrainedRows && { untrainedRows }) },
  outputDim: 4,
  queryTextFeature: "q",
  documentTextFeature: "d",
  ...more,
});
/** Rows with any number but zero. */
const standing = (weights: Float32Array) =>
  [0, 1, 2, 3, 4, 5, 6].filter((row) => weights.subarray(row * 4, row * 4 + 4).some((value) => value !== 0));

describe("startFromTexts", () => {
  it("leaves the rows that no text holds random, or sets them to zero and no others", () => {
    const random = createEncoder(spec(), new Random(1));
    startFromTexts(random, spec(), pairs);
    const zero = createEncoder(spec({}, "zero"), new Random(1));
    startFromTexts(zero, spec({}, "zero"), pairs);
    const [all, some] = [random.tables["text"]!.weights, zero.tables["text"]!.weights];
    expect(standing(all)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(standing(some)).toEqual([1, 3, 5]);
    for (const row of [1, 3, 5])
      expect(some.slice(row * 4, row * 4 + 4)).toEqual(all.slice(row * 4, row * 4 + 4));
  });

  it("asks each side's texts where each side has a table", () => {
    const apart = spec({ separateTables: true }, "zero");
    const { tables, ...encoder } = createEncoder(apart, new Random(1));
    startFromTexts({ ...encoder, tables } as never, apart, pairs);
    expect(standing(tables["query_text"]!.weights)).toEqual([1, 3]);
    expect(standing(tables["document_text"]!.weights)).toEqual([3, 5]);
  });

  it("refuses an encoder without a table of tokens", () => {
    const { tables: _none, ...encoder } = createEncoder(spec(), new Random(1));
    expect(() => startFromTexts({ ...encoder, tables: {} } as never, spec({}, "zero"), pairs)).toThrow(
      "model.text_embedding.untrained_rows: must be random for TwoTower, which has no table of tokens, got zero",
    );
  });
});
