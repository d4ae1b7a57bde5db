import { describe, expect, it } from "vitest";
import { filterQueryList, type QueryFilter } from "../../lib/browser/page/query-filter.js";

const queries = {
  texts: ["red shoe", "blue shoe", "lamp", "Red lamp"],
  a: Float32Array.of(1, 0, 0.5, 0),
  b: Float32Array.of(0, 0.25, 0.5, 0),
  slices: null,
};
const all: QueryFilter = { text: "", outcome: "all queries", slice: "", order: "as in the set" };

describe("the filter of queries", () => {
  it.each<[Partial<QueryFilter>, number[]]>([
    [{}, [0, 1, 2, 3]],
    [{ text: " red" }, [0, 3]],
    [{ outcome: "first is better" }, [0]],
    [{ outcome: "second is better" }, [1]],
    [{ outcome: "equal" }, [2, 3]],
    [{ outcome: "both find nothing" }, [3]],
    [{ order: "first − second" }, [0, 2, 3, 1]],
    [{ order: "second − first" }, [1, 2, 3, 0]],
    [{ order: "by text" }, [3, 1, 2, 0]],
    [{ text: "shoe", outcome: "second is better" }, [1]],
  ])("%j keeps %j", (change, kept) => {
    expect(filterQueryList(queries, { ...all, ...change })).toEqual(kept);
  });

  it("keeps a slice of the division that is chosen, and drops queries without values from comparisons", () => {
    const sliced = { ...queries, slices: ["x", "y", "x", ""] };
    expect(filterQueryList(sliced, { ...all, slice: "x" })).toEqual([0, 2]);
    const lacking = { ...queries, a: Float32Array.of(Number.NaN, 0, 0.5, 0) };
    expect(filterQueryList(lacking, { ...all, outcome: "first is better" })).toEqual([]);
  });
});
