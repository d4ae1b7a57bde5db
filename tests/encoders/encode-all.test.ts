import { describe, expect, it } from "vitest";
import { rowBatches } from "../../lib/encoders/encode-all.js";
import { tokenColumn } from "../../lib/features/token-column.js";

const texts = (lengths: number[]) => ({
  size: lengths.length,
  columns: {
    text: tokenColumn(
      lengths.map((length) => ({ ids: new Int32Array(length).fill(1), typeIds: new Uint8Array(length) })),
    ),
  },
});
const groups = (lengths: number[], batchSize: number, tokens: number) =>
  [...rowBatches(texts(lengths), batchSize, tokens)].map((rows) => [...rows]);

describe("rowBatches", () => {
  it("takes word-pieces shortest first, padded groups within the limit, a longer text alone", () => {
    expect(groups([9, 2, 5, 2, 5, 30], 10, 20)).toEqual([[1, 3, 2, 4], [0], [5]]);
    expect(groups([9, 2, 5, 2, 5, 30], 2, 20)).toEqual([[1, 3], [2, 4], [0], [5]]);
  });

  it("keeps every row once whatever the limits", () => {
    const lengths = Array.from({ length: 57 }, (_, i) => 1 + ((i * 7919) % 40));
    for (const tokens of [1, 50, 512, 1e6]) {
      const all = groups(lengths, 16, tokens);
      expect(all.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
      for (const rows of all)
        expect(
          rows.length * Math.max(...rows.map((row) => lengths[row]!)) <= tokens || rows.length === 1,
        ).toBe(true);
    }
  });
});
