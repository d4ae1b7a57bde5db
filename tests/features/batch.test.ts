import { describe, expect, it } from "vitest";
import { type FeatureBatch, takeRows } from "../../lib/features/batch.js";

const source: FeatureBatch = {
  size: 3,
  columns: {
    name: { kind: "text", length: 2, ids: Int32Array.from([1, 2, 3, 4, 5, 6]) },
    shelf: { kind: "categorical", ids: Int32Array.from([7, 8, 9]) },
    pixels: { kind: "vector", dim: 2, values: Float32Array.from([0.5, 1, 1.5, 2, 2.5, 3]) },
  },
};

describe("takeRows", () => {
  it("copies rows in the order asked for, repeats included, for every kind of column", () => {
    const taken = takeRows(source, [2, 0, 2]);
    expect(taken).toEqual({
      size: 3,
      columns: {
        name: { kind: "text", length: 2, ids: Int32Array.from([5, 6, 1, 2, 5, 6]) },
        shelf: { kind: "categorical", ids: Int32Array.from([9, 7, 9]) },
        pixels: { kind: "vector", dim: 2, values: Float32Array.from([2.5, 3, 0.5, 1, 2.5, 3]) },
      },
    });
  });

  it("leaves the source alone and gives an empty batch for no rows", () => {
    const taken = takeRows(source, Int32Array.from([1]));
    (taken.columns["name"] as { ids: Int32Array }).ids[0] = 99;
    expect((source.columns["name"] as { ids: Int32Array }).ids[2]).toBe(3);
    expect(takeRows(source, []).columns["shelf"]).toEqual({ kind: "categorical", ids: new Int32Array(0) });
  });
});
