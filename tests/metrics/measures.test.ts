import { describe, expect, it } from "vitest";
import { finetunerMeasures } from "../../lib/metrics/finetuner-measures.js";
import { judgeRanking } from "../../lib/metrics/judged-ranking.js";
import { measureFamilies, parseMeasure } from "../../lib/metrics/measure.js";
import { compareUtf8, rankByScore, scoreRun } from "../../lib/metrics/score-run.js";
import { vector } from "../support/vectors.js";

const value = (name: string, ranked: string[], grades: Record<string, number>): number =>
  parseMeasure(name).compute(judgeRanking(ranked, new Map(Object.entries(grades))));

describe("measures by name", () => {
  it("give 2-dense-retrieval-course/trec_eval_metrics", () => {
    const { inputs, expected, tolerance } = vector("2-dense-retrieval-course/trec_eval_metrics");
    const names: Record<string, string> = {
      "NDCG@3": "nDCG@3",
      "NDCG@5": "nDCG@5",
      "NDCG@10": "nDCG@10",
      MAP: "MAP",
      recip_rank: "MRR",
      "P@5": "P@5",
      "P@10": "P@10",
      "R-prec": "RPrec",
      "recall@6": "Recall@6",
    };
    for (const [theirs, ours] of Object.entries(names))
      expect(Math.abs(value(ours, inputs.run, inputs.qrels) - expected[theirs]), ours).toBeLessThan(
        tolerance,
      );
  });

  it("give 3-kdd-multimodal-recall/ndcg_at_5 from binary grades", () => {
    const { inputs, expected, tolerance } = vector("3-kdd-multimodal-recall/ndcg_at_5");
    const queries = Object.keys(inputs.answers);
    const qrels = new Map(
      queries.map((q) => [q, new Map((inputs.answers[q] as string[]).map((id) => [id, 1]))]),
    );
    const run = new Map(
      queries.map((q) => [q, (inputs.predictions[q] as string[]).map((id, i) => ({ id, score: -i }))]),
    );
    const values = scoreRun(qrels, run, ["nDCG@5"]).values["nDCG@5"]!;
    queries.forEach((q, i) => {
      expect(Math.abs(values[i]! - expected.per_query[q])).toBeLessThan(tolerance);
    });
  });

  it("follow their formulas on a worked example", () => {
    // ranks: d (grade 2), x (unjudged), b (0), a (1); also judged: c (3). Relevant a, c, d
    const ranked = ["d", "x", "b", "a"];
    const grades = { a: 1, b: 0, c: 3, d: 2 };
    const expected: Record<string, number> = {
      "P@2": 1 / 2,
      "P@10": 2 / 10,
      "P(rel=2)@4": 1 / 4,
      Recall: 2 / 3,
      "Recall@1": 1 / 3,
      "CappedRecall@2": 1 / 2,
      "CappedRecall@4": 2 / 3,
      "CappedRecall(rel=3)@4": 0,
      "HitRate@1": 1,
      "HitRate(rel=3)@4": 0,
      "F1@4": (2 * (2 / 4) * (2 / 3)) / (2 / 4 + 2 / 3),
      MRR: 1,
      "MRR(rel=3)": 0,
      MAP: (1 + 2 / 4) / 3,
      "MAP@3": 1 / 3,
      RPrec: 1 / 3,
      "nDCG@4": (2 + 1 / Math.log2(5)) / (3 + 2 / Math.log2(3) + 1 / 2),
      "nDCG(exp)@4": (3 + 1 / Math.log2(5)) / (7 + 3 / Math.log2(3) + 1 / 2),
      "nDCG(judged)@3": (2 + 1 / 2) / (3 + 2 / Math.log2(3) + 1 / 2),
      bpref: (1 + (1 - 1 / 1)) / 3,
      "Judged@2": 1 / 2,
      "Judged@10": 3 / 4,
      RBP: 0.2 * (1 + 0.8 ** 3),
      "RBP(p=0.5)@3": 0.5,
    };
    for (const [name, x] of Object.entries(expected))
      expect(value(name, ranked, grades), name).toBeCloseTo(x, 12);
  });

  it("are 0 for empty rankings and where nothing is relevant, and never NaN", () => {
    for (const family of measureFamilies) {
      const name = family.cutoff === "required" ? `${family.name}@5` : family.name;
      expect(value(name, [], { a: 1 }), name).toBe(0);
      expect(value(name, [], {}), name).toBe(0);
      expect(value(name, ["x", "y"], {}), name).toBe(0);
      if (family.name !== "Judged") expect(value(name, ["a", "x"], { a: 0 }), name).toBe(0);
    }
  });

  it("are 1 for a perfect ranking (but RBP, which is not normalised)", () => {
    for (const name of [
      "P@2",
      "Recall@2",
      "CappedRecall@1",
      "HitRate@2",
      "F1@2",
      "MRR",
      "MAP",
      "RPrec",
      "nDCG@5",
      "bpref",
      "Judged@3",
    ])
      expect(value(name, ["a", "b", "c"], { a: 2, b: 1, c: 0 }), name).toBeCloseTo(1, 12);
  });

  it("have canonical names", () => {
    const names: Record<string, string> = {
      "nDCG( exp )@10": "nDCG(exp)@10",
      "RBP(p=0.8)": "RBP",
      "Recall(judged, rel=2)@100": "Recall(rel=2,judged)@100",
      " MRR@10": "MRR@10",
      "P(rel=1)@3": "P@3",
    };
    for (const [name, canonical] of Object.entries(names)) expect(parseMeasure(name).name).toBe(canonical);
  });

  it("are refused with the reason", () => {
    expect(() => parseMeasure("NDCG@10")).toThrow(
      /^unknown measure "NDCG@10"; known: P\[\(rel=…, judged\)\]@k, Recall/,
    );
    expect(() => parseMeasure("P")).toThrow('measure "P": P needs a cut-off such as @10, got none');
    expect(() => parseMeasure("bpref@10")).toThrow('measure "bpref@10": bpref has no cut-off, got @10');
    expect(() => parseMeasure("P@0")).toThrow('measure "P@0": the cut-off must be a positive integer, got 0');
    expect(() => parseMeasure("P(exp)@1")).toThrow("settings must be of P[(rel=…, judged)]@k");
    expect(() => parseMeasure("RBP(p=1)")).toThrow("p must be in (0, 1), got 1");
    expect(() => parseMeasure("P(rel=0)@1")).toThrow("rel must be a positive integer, got 0");
    expect(() => parseMeasure("P()@1")).toThrow('got ""');
    expect(() => parseMeasure("")).toThrow('unknown measure ""');
  });
});

describe("finetunerMeasures", () => {
  it("give 4-finetuner/evaluation_metrics and evaluation_metrics_empty", () => {
    for (const name of ["4-finetuner/evaluation_metrics", "4-finetuner/evaluation_metrics_empty"]) {
      const { inputs, expected } = vector(name);
      const found: Record<string, number> = {
        ...finetunerMeasures(inputs.binary_relevance_in_rank_order, inputs.max_rel),
      };
      const usual = finetunerMeasures(inputs.binary_relevance_in_rank_order, inputs.max_rel, { method: 1 });
      found["dcg_at_k_method1"] = usual.dcg_at_k;
      found["ndcg_at_k_method1"] = usual.ndcg_at_k;
      for (const [measure, x] of Object.entries(expected))
        expect(found[measure], measure).toBeCloseTo(x as number, 10);
    }
  });

  it("differ from trec_eval's as documented", () => {
    const old = finetunerMeasures([0, 1, 0, 1], 4);
    const ranked = ["x", "a", "y", "b"];
    const grades = { a: 1, b: 1, c: 1, d: 1 };
    expect(old.average_precision).toBeCloseTo(2 * value("MAP", ranked, grades), 12);
    expect(old.r_precision).toBe(1 / 2);
    expect(value("RPrec", ranked, grades)).toBe(2 / 4);
    expect(finetunerMeasures([1, 1], 4).ndcg_at_k).toBe(1);
    expect(value("nDCG@2", ["a", "b"], grades)).toBe(1);
    expect(value("nDCG@4", ["a", "b"], grades)).toBeLessThan(1);
  });
});

describe("a run", () => {
  const qrels = new Map([
    ["q1", new Map([["a", 1]])],
    ["q2", new Map([["b", 2]])],
    ["q3", new Map([["c", 0]])],
  ]);
  const run = new Map([
    ["q9", [{ id: "a", score: 1 }]],
    ["q2", [{ id: "b", score: 1 }]],
    [
      "q1",
      [
        { id: "x", score: 3 },
        { id: "a", score: 2 },
      ],
    ],
  ]);

  it("is evaluated over the judged, the relevant or the answered queries", () => {
    const all = scoreRun(qrels, run, ["MRR", "P@1"]);
    expect(all.queries).toEqual(["q1", "q2", "q3"]);
    expect([...all.values["MRR"]!]).toEqual([1 / 2, 1, 0]);
    expect([...all.values["P@1"]!]).toEqual([0, 1, 0]);
    expect(all.unjudgedQueries).toEqual(["q9"]);
    expect(scoreRun(qrels, run, ["MRR"], { queries: "relevant" }).queries).toEqual(["q1", "q2"]);
    const missing = new Map([["q2", run.get("q2")!]]);
    expect([...scoreRun(qrels, missing, ["MRR"]).values["MRR"]!]).toEqual([0, 1, 0]);
    expect(scoreRun(qrels, missing, ["MRR"], { queries: "answered" }).queries).toEqual(["q2"]);
  });

  it("is ranked by score in float32, then by falling id in UTF-8", () => {
    const rank = (scores: Record<string, number>) =>
      rankByScore(Object.entries(scores).map(([id, score]) => ({ id, score }))).join(" ");
    expect(rank({ a: 1, b: 1 + 1e-12, c: 2 })).toBe("c b a");
    expect(rank({ a: 1 + 1e-12, b: 1 })).toBe("b a");
    expect(rank({ a: 1 + 1e-6, b: 1 })).toBe("a b");
    expect(rank({ ａ: 1, "😀": 1, z: 1, ab: 1, a: 1 })).toBe("😀 ａ z ab a");
    expect(rank({ x: -0, y: 0 })).toBe("y x");
    expect(() => rankByScore([{ id: "a", score: Number.NaN }], "q7")).toThrow(
      "query q7: scores must be numbers, got NaN for a",
    );
  });

  it("orders any two strings as their bytes do", () => {
    const words = ["", "a", "ab", "z", "é", "文", "\ufffd", "😀", "a😀", "aｚ", "😀a"];
    for (const a of words)
      for (const b of words)
        expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it("counts a repeated document at its first place only", () => {
    expect(value("Recall@3", ["a", "a", "b"], { a: 1, b: 1 })).toBe(1);
    expect(value("P@2", ["a", "a", "b"], { a: 1, b: 1 })).toBe(1);
    expect(value("MAP", ["a", "a"], { a: 1, b: 1 })).toBe(1 / 2);
  });
});
