import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import {
  chooseThreshold,
  type ScoredAnswer,
  thresholdCurveOf,
} from "../../../lib/retrieval/retrievers/threshold.js";

const answers: ScoredAnswer[][] = [
  [
    { score: 0.9, relevant: true },
    { score: 0.6, relevant: true },
    { score: 0.3, relevant: false },
  ],
  [
    { score: 0.7, relevant: false },
    { score: 0.3, relevant: true },
  ],
  [{ score: 0.2, relevant: false }],
];

describe("chooseThreshold", () => {
  it("takes the best F1 over all answers", () => {
    // 4 relevant documents: at 0.9 P 1, R 1/4; at 0.6 P 2/3, R 1/2 (F1 4/7); at 0.3 P 3/5, R 3/4 (F1 2/3); at 0.2 3/6
    const chosen = chooseThreshold(answers, 4, { kind: "f1" })!;
    expect(chosen.threshold).toBe(0.3);
    expect(chosen.precision).toBeCloseTo(3 / 5, 12);
    expect(chosen.recall).toBeCloseTo(3 / 4, 12);
    expect(chosen.f1).toBeCloseTo(2 / 3, 12);
    expect(chosen.silent).toBeCloseTo(1 / 3, 12);
  });

  it("takes the lowest threshold that is precise enough", () => {
    expect(chooseThreshold(answers, 4, { kind: "precision", target: 0.65 })!.threshold).toBe(0.6);
    expect(chooseThreshold(answers, 4, { kind: "precision", target: 1 })!.threshold).toBe(0.9);
    expect(chooseThreshold(answers, 4, { kind: "precision", target: 0.5 })!.threshold).toBe(0.2);
  });

  it("agrees with a slow loop over thresholds on random answers with ties", () => {
    const random = new Random(8);
    const many = Array.from({ length: 40 }, () =>
      Array.from({ length: random.int(6) }, () => {
        const score = random.int(10) / 10;
        return { score, relevant: random.next() < score };
      }),
    );
    const flat = many.flat();
    const total = flat.filter((x) => x.relevant).length + 7;
    let best = { threshold: 0, f1: 0 };
    for (let t = 9; t >= 0; t--) {
      const kept = flat.filter((x) => x.score >= t / 10);
      const right = kept.filter((x) => x.relevant).length;
      const f1 = (2 * right) / (kept.length + total);
      if (f1 > best.f1 + 1e-12) best = { threshold: t / 10, f1 };
    }
    const chosen = chooseThreshold(many, total, { kind: "f1" })!;
    expect(chosen.threshold).toBe(best.threshold);
    expect(chosen.f1).toBeCloseTo(best.f1, 12);
    const curve = thresholdCurveOf(many, total);
    expect(curve.map((p) => p.threshold)).toEqual(
      [...new Set(flat.map((x) => x.score))].sort((a, b) => b - a),
    );
  });

  it("says so when nothing is good enough", () => {
    expect(chooseThreshold([[{ score: 1, relevant: false }]], 3, { kind: "f1" })).toBeNull();
    expect(chooseThreshold([[]], 3, { kind: "precision", target: 0.1 })).toBeNull();
    expect(chooseThreshold([answers[1]!], 1, { kind: "precision", target: 0.9 })).toBeNull();
    expect(() => chooseThreshold([], 1, { kind: "f1" })).toThrow("answers must not be empty, got 0 queries");
    expect(() => chooseThreshold(answers, 4, { kind: "precision", target: 2 })).toThrow(
      "target must be in (0, 1], got 2",
    );
  });
});
