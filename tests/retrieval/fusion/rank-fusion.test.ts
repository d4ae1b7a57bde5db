import { describe, expect, it } from "vitest";
import { searchFusionWeight, searchFusionWeights } from "../../../lib/retrieval/fusion/fusion-weight.js";
import {
  fuse,
  fuseResults,
  type RankedList,
  type RankFusion,
} from "../../../lib/retrieval/fusion/rank-fusion.js";
import { vector } from "../../support/vectors.js";

const lexical: RankedList = { ids: [7, 3, 5], scores: [12, 9, 3] };
const dense: RankedList = { ids: [3, 9, -1], scores: [0.9, 0.5, -Infinity] };
const scoresOf = (fusion: RankFusion, lists = [lexical, dense]) => {
  const { ids, scores } = fuse(lists, fusion, 10);
  return Object.fromEntries([...ids].map((id, i) => [id, scores[i]!]));
};

describe("fuse", () => {
  it("sums reciprocal ranks", () => {
    const scores = scoresOf({ kind: "reciprocal-rank", weights: [1, 1] });
    expect(scores[3]).toBeCloseTo(1 / 62 + 1 / 61, 7);
    expect(scores[7]).toBeCloseTo(1 / 61, 7);
    expect(scores[9]).toBeCloseTo(1 / 62, 7);
    expect(scores[5]).toBeCloseTo(1 / 63, 7);
    expect([...fuse([lexical, dense], { kind: "reciprocal-rank" }, 3).ids]).toEqual([3, 7, 9]);
    expect(scoresOf({ kind: "reciprocal-rank", constant: 0, weights: [1, 1] })[3]).toBeCloseTo(1.5, 6);
  });

  it("stretches scores to [0, 1] by min and max", () => {
    const scores = scoresOf({ kind: "min-max", weights: [0.25, 0.75] });
    expect(scores[7]).toBeCloseTo(0.25, 6);
    expect(scores[3]).toBeCloseTo(0.25 * (6 / 9) + 0.75, 6);
    expect(scores[5]).toBe(0);
    expect(scores[9]).toBe(0);
  });

  it("measures scores in standard deviations, the unlisted as low as the lowest", () => {
    const scores = scoresOf({ kind: "z-score", weights: [1, 1] });
    const sd = Math.sqrt((16 + 1 + 25) / 3);
    expect(scores[7]).toBeCloseTo(4 / sd - 1, 5);
    expect(scores[3]).toBeCloseTo(1 / sd + 1, 5);
    expect(scores[9]).toBeCloseTo(-5 / sd - 1, 5);
  });

  it("adds raw scores, the unlisted as low as the lowest", () => {
    const scores = scoresOf({ kind: "sum", weights: [1, 10] });
    expect(scores[7]).toBeCloseTo(12 + 5, 5);
    expect(scores[9]).toBeCloseTo(3 + 5, 5);
  });

  it("counts a constant list as good throughout, an empty one not at all", () => {
    const one: RankedList = { ids: [4], scores: [2] };
    const none: RankedList = { ids: [], scores: [] };
    expect(scoresOf({ kind: "min-max" }, [one, none])).toEqual({ 4: 0.5 });
    expect(scoresOf({ kind: "z-score" }, [one, none])).toEqual({ 4: 0 });
    expect(fuse([none, none], { kind: "min-max" }, 3).ids.length).toBe(0);
  });

  it("does not depend on scale and shift of scores where they are normalised", () => {
    const moved = { ids: lexical.ids, scores: [12, 9, 3].map((s) => 5 * s - 100) };
    for (const kind of ["min-max", "z-score", "reciprocal-rank"] as const)
      expect([...fuse([moved, dense], { kind }, 9).ids]).toEqual([
        ...fuse([lexical, dense], { kind }, 9).ids,
      ]);
  });

  it("gives ties to the lower id, keeps k, and counts a repeated id once", () => {
    const a: RankedList = { ids: [9, 2, 9], scores: [1, 1, 1] };
    expect([...fuse([a], { kind: "min-max" }, 5).ids]).toEqual([2, 9]);
    expect([...fuse([a], { kind: "reciprocal-rank" }, 1).ids]).toEqual([9]);
  });

  it("fuses the results of many queries row by row", () => {
    const result = (lists: RankedList[], depth: number) => ({
      ids: Int32Array.from(lists.flatMap((l) => Array.from({ length: depth }, (_, i) => l.ids[i] ?? -1))),
      scores: Float32Array.from(
        lists.flatMap((l) => Array.from({ length: depth }, (_, i) => l.scores[i] ?? -Infinity)),
      ),
    });
    const none: RankedList = { ids: [], scores: [] };
    const both = fuseResults(
      [result([lexical, none], 3), result([dense, none], 4)],
      2,
      { kind: "min-max" },
      5,
    );
    const first = fuse([lexical, dense], { kind: "min-max" }, 5);
    expect([...both.ids]).toEqual([...first.ids, -1, -1, -1, -1, -1, -1]);
    expect(both.scores.slice(0, 4)).toEqual(first.scores);
    expect(() => fuseResults([result([lexical], 3)], 2, { kind: "min-max" }, 5)).toThrow(
      "results must hold whole rows for 2 queries, got 3 ids",
    );
  });

  it("refuses impossible weights and unknown kinds", () => {
    expect(() => scoresOf({ kind: "sum", weights: [1] })).toThrow(
      "weights must number 2, one per system, got 1",
    );
    expect(() => scoresOf({ kind: "sum", weights: [0, 0] })).toThrow(
      "weights must be ≥ 0 and not all 0, got 0, 0",
    );
    expect(() => scoresOf({ kind: "median" as "sum" })).toThrow(
      'unknown fusion "median"; known: reciprocal-rank, min-max, z-score, sum',
    );
    expect(() => scoresOf({ kind: "reciprocal-rank", constant: -1 })).toThrow("constant must be ≥ 0, got -1");
  });
});

describe("searchFusionWeight", () => {
  it("gives 3-kdd-multimodal-recall/ensemble_search", () => {
    const { inputs, expected } = vector("3-kdd-multimodal-recall/ensemble_search");
    const names = [
      ...new Set(Object.values(inputs.model1 as object).flatMap((l) => l.map((x: [string]) => x[0]))),
    ];
    const list = (rows: [string, number][]): RankedList => ({
      ids: rows.map(([name]) => names.indexOf(name)),
      scores: rows.map(([, score]) => score),
    });
    const queries = Object.keys(inputs.answers);
    const ndcg5 = (ranking: RankedList, q: number) => {
      const answers = new Set<number>(inputs.answers[queries[q]!].map((name: string) => names.indexOf(name)));
      let gain = 0;
      for (let i = 0; i < Math.min(5, ranking.ids.length); i++)
        if (answers.has(ranking.ids[i]!)) gain += 1 / Math.log2(i + 2);
      return gain;
    };
    const validation = queries.map((q) => [list(inputs.model1[q]), list(inputs.model2[q])] as const);
    const found = searchFusionWeight(validation, "sum", ndcg5, { k: 5, gridPoints: inputs.grid_points });
    expect(found.curve[0]!.value).toBeCloseTo(expected.score_at_0, 9);
    expect(found.curve.at(-1)!.value).toBeCloseTo(expected.score_at_1, 9);
    expect(found.value).toBe(expected.best_score);
    expect(found.weight).toBeCloseTo(expected.best_weight, 9);
  });

  it("needs queries and a grid", () => {
    expect(() => searchFusionWeight([], "min-max", () => 0, { k: 1 })).toThrow(
      "validation must not be empty",
    );
    expect(() => searchFusionWeight([[lexical, dense]], "min-max", () => 0, { k: 1, gridPoints: 1 })).toThrow(
      "gridPoints must be an integer of at least 2, got 1",
    );
  });
});

describe("searchFusionWeights", () => {
  const first = (ranking: RankedList, q: number) => (ranking.ids[0] === q ? 1 : 0);
  // right about query `right` alone, and sure of it there; elsewhere it prefers document 9 a little
  const sure = (right: number, q: number): RankedList =>
    right === q ? { ids: [q, 9, 8], scores: [1, 0.1, 0] } : { ids: [9, q, 8], scores: [0.3, 0.2, 0] };

  it("finds weights better than equal ones and than every system alone, and says what they give", () => {
    const lists = [0, 1, 2, 3].map((q) => [
      { ids: [7, q], scores: [1, 0] } as RankedList,
      sure(q, q),
      { ids: [7, q], scores: [1, 0] } as RankedList,
    ]);
    const mean = (weights: number[]) =>
      lists.reduce((sum, list, q) => sum + first(fuse(list, { kind: "min-max", weights }, 1), q), 0) / 4;
    const { weights, value } = searchFusionWeights(lists, "min-max", first, { k: 1 });
    expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(value).toBe(mean(weights));
    expect(mean([1, 1, 1])).toBe(0);
    expect(value).toBe(1);
    expect(weights[1]!).toBeGreaterThan(weights[2]!);
  });

  it("keeps equal weights where nothing is better", () => {
    const lists = [0, 1, 2].map((q) => [0, 1, 2].map((right) => sure(right, q)));
    const found = searchFusionWeights(lists, "sum", first, { k: 1 });
    expect(found).toEqual({ weights: [1 / 3, 1 / 3, 1 / 3], value: 1 });
  });

  it("is the grid for two systems, and needs two", () => {
    const pairs = [0, 1].map((q) => [sure(0, q), sure(1, q)] as const);
    const grid = searchFusionWeight(pairs, "sum", first, { k: 1 });
    expect(searchFusionWeights(pairs, "sum", first, { k: 1 })).toEqual({
      weights: [grid.weight, 1 - grid.weight],
      value: grid.value,
    });
    expect(() => searchFusionWeights([], "sum", first, { k: 1 })).toThrow(
      "lists of at least two systems for every query, got 0",
    );
  });
});
