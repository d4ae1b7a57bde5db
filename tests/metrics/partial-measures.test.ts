import { describe, expect, it } from "vitest";
import { partialMeasures } from "../../lib/metrics/partial-measures.js";
import { scoreRun } from "../../lib/metrics/score-run.js";

describe("partialMeasures", () => {
  it("puts condensed lists and the share judged beside each measure, and bpref once", () => {
    expect(partialMeasures(["nDCG@10", "Recall(rel=2)@5", "MAP"])).toEqual([
      ...["nDCG@10", "nDCG(judged)@10", "Judged@10"],
      ...["Recall(rel=2)@5", "Recall(rel=2,judged)@5", "Judged@5"],
      ...["MAP", "MAP(judged)", "bpref"],
    ]);
    expect(partialMeasures([])).toEqual(["nDCG@10", "nDCG(judged)@10", "Judged@10", "bpref"]);
    expect(partialMeasures(["Judged@3", "nDCG(exp, judged)@3"])).toEqual([
      "Judged@3",
      "nDCG(exp,judged)@3",
      "bpref",
    ]);
    expect(() => partialMeasures(["recall@5"])).toThrow('unknown measure "recall@5"');
  });

  it("tells a hole from a wrong answer, where the pool's score does not", () => {
    const qrels = new Map([
      [
        "q",
        new Map([
          ["a", 1],
          ["b", 0],
        ]),
      ],
    ]);
    const score = (first: string) =>
      scoreRun(
        qrels,
        new Map([
          [
            "q",
            [
              { id: first, score: 2 },
              { id: "a", score: 1 },
            ],
          ],
        ]),
        partialMeasures(["MRR@10"]),
      ).values;
    const read = (values: ReturnType<typeof score>) =>
      ["MRR@10", "MRR(judged)@10", "Judged@10", "bpref"].map((name) => values[name]![0]);
    expect(read(score("unjudged"))).toEqual([0.5, 1, 0.5, 1]);
    expect(read(score("b"))).toEqual([0.5, 0.5, 1, 0]);
  });
});
