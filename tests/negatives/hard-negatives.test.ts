import { describe, expect, it } from "vitest";
import { selectMined } from "../../lib/negatives/hard-negatives.js";

// one query; ranked 5, 3, 7, 1, 9 of which 3 is its positive
const rankings = {
  ids: Int32Array.from([5, 3, 7, 1, 9]),
  scores: Float32Array.from([0.9, 0.8, 0.7, 0.4, 0.2]),
  depth: 5,
};
const rules = { rankFrom: 1, rankTo: 5, margin: null };
const positives = () => new Set([3]);
const mined = (verdicts: Partial<Parameters<typeof selectMined>[4]>, margin: number | null = null) =>
  Array.from(
    selectMined(rankings, { ...rules, margin }, positives, [0.8], {
      ...{ notRelevant: () => undefined, suspects: () => undefined, unjudged: true },
      ...verdicts,
    }),
  ).filter((id) => id >= 0);

describe("selectMined", () => {
  it("takes ranks in their order, never a positive, and below a margin alone where one is set", () => {
    expect(mined({})).toEqual([5, 7, 1, 9]);
    expect(mined({}, 0.3)).toEqual([1, 9]);
  });

  it("takes what is judged not relevant first, whatever its score, even where no ranking has it, and once", () => {
    expect(mined({ notRelevant: () => new Set([9, 40]) })).toEqual([9, 40, 5, 7, 1]);
    expect(mined({ notRelevant: () => new Set([5]) }, 0.3)).toEqual([5, 1, 9]);
  });

  it("never takes a suspect, unless it is judged not relevant", () => {
    const suspects = () => new Set([5, 7]);
    expect(mined({ suspects })).toEqual([1, 9]);
    expect(mined({ suspects, notRelevant: () => new Set([7]) })).toEqual([7, 1, 9]);
  });

  it("takes judged documents alone where the others are ruled out, and never a positive", () => {
    expect(mined({ unjudged: false })).toEqual([]);
    expect(mined({ unjudged: false, notRelevant: () => new Set([3, 1]) })).toEqual([1]);
  });
});
