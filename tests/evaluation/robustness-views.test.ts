import { describe, expect, it } from "vitest";
import type { RobustnessResult } from "../../lib/evaluation/robustness.js";
import {
  changedQueries,
  damageByError,
  robustnessCurves,
  worstQueries,
} from "../../lib/evaluation/robustness-views.js";

const line = (model: string, typo: number, id: string, query: string, value: number): RobustnessResult => ({
  model,
  typo,
  id,
  query,
  values: { "Recall@10": value },
});

// a loses half to a doubled inner letter and all to a missing first one; b is not changed by "doubling"; c has two errors
const results: RobustnessResult[] = [
  line("clean", 0, "a", "red shoe", 1),
  line("clean", 0, "b", "hat", 0.5),
  line("clean", 0, "c", "blue wardrobe", 1),
  line("doubling", 0.5, "a", "red shhoe", 0.5),
  line("doubling", 0.5, "b", "hat", 0.5),
  line("doubling", 0.5, "c", "bluue wardrrobe", 0.25),
  line("deletion", 0.5, "a", "red hoe", 0),
  line("deletion", 0.5, "b", "ha", 0.25),
  line("deletion", 0.5, "c", "blue wardobe", 1),
  { ...line("deletion", 0.5, "b", "ha", 0.5), corrected: true },
];

describe("damageByError", () => {
  it("counts queries with one misspelled word, by kind, place and word length, each query once", () => {
    const rows = damageByError(results, "Recall@10").map(
      ({ by, group, queries, clean, misspelled, change }) => [
        by,
        group,
        queries,
        clean,
        misspelled,
        change.mean,
      ],
    );
    expect(rows).toEqual([
      ["kind of error", "insertion", 1, 1, 0.5, -0.5],
      ["kind of error", "deletion", 3, 2.5 / 3, 1.25 / 3, -1.25 / 3],
      ["place", "first letter", 1, 1, 0, -1],
      ["place", "inside", 2, 1, 0.75, -0.25], // a with .5, c with 1
      ["place", "last letter", 1, 0.5, 0.25, -0.25],
      ["word length", "2–3 letters", 1, 0.5, 0.25, -0.25],
      ["word length", "4–5 letters", 1, 1, 0.25, -0.75], // a twice: its mean
      ["word length", "8 letters or more", 1, 1, 1, 0],
    ]);
  });
});

describe("changedQueries", () => {
  it("compares queries that a kind of typo changed with themselves, and leaves the others out", () => {
    const { queries, clean, misspelled, change } = changedQueries(results, "Recall@10", "doubling", 0.5)!;
    expect([queries, clean, misspelled]).toEqual([2, 1, 0.375]);
    expect(change.mean).toBe(-0.625);
    expect(change.low).toBeLessThanOrEqual(-0.625);
    expect(changedQueries(results, "Recall@10", "doubling", 0.75)).toBeNull();
  });
});

describe("robustnessCurves", () => {
  it("keeps corrected queries apart, and refuses measures that were not taken", () => {
    expect(
      robustnessCurves(results, "Recall@10").map(({ model, points }) => [model, points[0]!.mean]),
    ).toEqual([
      ["clean", 2.5 / 3],
      ["doubling", 1.25 / 3],
      ["deletion", 1.25 / 3],
      ["deletion, corrected", 0.5],
    ]);
    expect(() => robustnessCurves(results, "MRR@10")).toThrow(
      'robustness: measure must be one of Recall@10, got "MRR@10"',
    );
  });
});

describe("worstQueries", () => {
  it("orders by the mean loss over kinds of typo, corrected ones left out", () => {
    expect(worstQueries(results, "Recall@10", 2)).toEqual([
      { id: "a", query: "red shoe", clean: 1, misspelled: 0.25 },
      { id: "c", query: "blue wardrobe", clean: 1, misspelled: 0.625 },
    ]);
  });
});
