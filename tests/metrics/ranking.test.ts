import { describe, expect, it } from "vitest";
import { filterQueries } from "../../lib/metrics/filter-queries.js";
import { judgeRanking } from "../../lib/metrics/judged-ranking.js";
import { parseMeasure } from "../../lib/metrics/measure.js";
import { metricName } from "../../lib/metrics/metric-name.js";
import { publishedRecallAtK } from "../../lib/studies/thesis/published-recall.js";
import { vector } from "../support/vectors.js";

const valueAt = (name: string) => (ranked: ArrayLike<number>, relevant: ReadonlySet<number>, k: number) =>
  parseMeasure(`${name}@${k}`).compute(
    judgeRanking(
      Array.from(ranked).filter((id) => id >= 0), // as a search's empty slots are left out
      new Map(Array.from(relevant, (id) => [id, 1])),
    ),
  );
const recallAtK = valueAt("Recall");
const reciprocalRankAtK = valueAt("MRR");

type PoolQuery = { id: string; relevant: string[] };

describe("recall and reciprocal rank", () => {
  it("give the means of 0-qdrl/recall_mrr", () => {
    const { inputs, expected, tolerance } = vector("0-qdrl/recall_mrr");
    for (const k of inputs.ks) {
      let recall = 0;
      let reciprocalRank = 0;
      for (const { ranked, relevant } of inputs.results) {
        recall += recallAtK(ranked, new Set(relevant), k) / inputs.results.length;
        reciprocalRank += reciprocalRankAtK(ranked, new Set(relevant), k) / inputs.results.length;
      }
      expect(Math.abs(recall - expected[`Recall@${k}`])).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(reciprocalRank - expected[`MRR@${k}`])).toBeLessThanOrEqual(tolerance);
    }
  });

  it("count repeated relevant ids once, or as published on request", () => {
    const { inputs, expected } = vector("0-qdrl/recall_duplicate_relevant_ids");
    expect(recallAtK(inputs.ranked, new Set(inputs.relevant), inputs.k)).toBeCloseTo(
      expected.deduplicated,
      11,
    );
    expect(publishedRecallAtK(inputs.ranked, inputs.relevant, inputs.k)).toBeCloseTo(
      expected.as_published,
      11,
    );
  });

  it("never match the empty slot −1, count a repeated result once, and survive empty lists", () => {
    expect(recallAtK([-1, -1], new Set([2]), 2)).toBe(0);
    expect(reciprocalRankAtK([3, 2, -1], new Set([2]), 3)).toBe(1 / 2);
    expect(recallAtK([4, 4, 4], new Set([4, 5]), 3)).toBe(1 / 2);
    expect(recallAtK([], new Set([1]), 10)).toBe(0);
    expect(recallAtK([1], new Set(), 10)).toBe(0);
    expect(reciprocalRankAtK([], new Set([1]), 10)).toBe(0);
  });

  it("use the whole list when k is beyond it", () => {
    expect(recallAtK(Int32Array.of(3, 1), new Set([1]), 100)).toBe(1);
    expect(reciprocalRankAtK(Int32Array.of(3, 1), new Set([1]), 100)).toBe(1 / 2);
  });

  it("refuse a cut-off that is not a positive integer", () => {
    expect(() => recallAtK([1], new Set([1]), 0)).toThrow(
      'measure "Recall@0": the cut-off must be a positive integer, got 0',
    );
    expect(() => reciprocalRankAtK([1], new Set([1]), 1.5)).toThrow(
      'measure "MRR@1.5": the cut-off must be a positive integer, got 1.5',
    );
  });
});

describe("filterQueries", () => {
  it("gives 0-qdrl/filter_queries", () => {
    const { inputs, expected } = vector("0-qdrl/filter_queries");
    const result = filterQueries(inputs.queries as PoolQuery[], (q) => q.relevant, new Set(inputs.pool_ids));
    expect(result.kept.map(({ query, relevant }) => ({ id: query.id, relevant }))).toEqual(expected.kept);
    expect([...result.missingDocuments].sort()).toEqual(expected.missing_documents);
    expect(result.skippedQueries).toBe(expected.skipped_queries);
  });

  it("removes repeats and reports a missing document once", () => {
    const result = filterQueries([["a", "a", "z"], ["z"]], (ids) => ids, new Map([["a", 0]]));
    expect(result.kept).toEqual([{ query: ["a", "a", "z"], relevant: ["a"] }]);
    expect(result.missingDocuments).toEqual(["z"]);
    expect(result.skippedQueries).toBe(1);
  });
});

describe("metricName", () => {
  it("gives 0-qdrl/metric_names", () => {
    const { inputs, expected } = vector("0-qdrl/metric_names");
    const names = inputs.typo_probabilities.flatMap((p: number) =>
      inputs.ks.flatMap((k: number) => [metricName("Recall", k, p), metricName("MRR", k, p)]),
    );
    expect(names).toEqual(expected);
  });

  it("refuses a probability outside [0, 1]", () => {
    expect(() => metricName("Recall", 10, 2)).toThrow("metricName: typoProbability must be in [0, 1], got 2");
  });
});
