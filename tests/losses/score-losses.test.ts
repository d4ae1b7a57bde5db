import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { approximateNdcg } from "../../lib/losses/scores/approximate-ndcg.js";
import { circle } from "../../lib/losses/scores/circle.js";
import { listNet } from "../../lib/losses/scores/list-net.js";
import { multiSimilarity } from "../../lib/losses/scores/multi-similarity.js";
import { pairwiseHinge, pairwiseLogistic } from "../../lib/losses/scores/pairwise.js";
import { pointwiseBce } from "../../lib/losses/scores/pointwise-bce.js";
import type { ScoreLoss } from "../../lib/losses/scores/score-loss.js";
import { softmaxScores } from "../../lib/losses/scores/softmax.js";
import { expectClose } from "../support/vectors.js";
import { type ReferenceLoss, type Rows, referenceScores } from "./reference-scores.js";

const losses: [string, ScoreLoss, ReferenceLoss][] = [
  ["softmax", softmaxScores(0.3), referenceScores.softmax(0.3)],
  ["pairwise logistic", pairwiseLogistic(0.5), referenceScores.logistic(0.5)],
  ["pairwise hinge", pairwiseHinge(0.4), referenceScores.hinge(0.4)],
  ["pointwise BCE", pointwiseBce(0.5, -1), referenceScores.bce(0.5, -1)],
  ["ListNet", listNet(0.5), referenceScores.listNet(0.5)],
  ["approximate nDCG", approximateNdcg(0.2), referenceScores.ndcg(0.2)],
  [
    "multi-similarity",
    multiSimilarity({ alpha: 2, beta: 10, base: 0.4 }),
    referenceScores.multiSimilarity(2, 10, 0.4),
  ],
];

/** Row 0 has one positive, row 1 two and a cell that is neither, row 2 all but one, row 3 none. */
const several: [Rows, Rows] = [
  [
    [1, 0, 0, 0, 0],
    [0, 1, 1, 0, 0],
    [1, 0, 1, 1, 1],
    [0, 0, 0, 0, 0],
  ],
  [
    [0, 1, 1, 1, 1],
    [1, 0, 0, 1, 0],
    [0, 1, 0, 0, 0],
    [1, 1, 1, 1, 1],
  ],
];
const single: [Rows, Rows] = [
  several[0].map((row, i) => row.map((_, j) => (i === j ? 1 : 0))),
  several[0].map((row, i) => row.map((_, j) => (i === j || (i === 1 && j === 3) ? 0 : 1))),
];
const random = new Random(5);
const scores = several[0].map((row) => row.map(() => random.normal() / 2));

/** Central differences of the mean of the rows, h = 1e-6. */
function numericGradient(reference: ReferenceLoss, [positives, negatives]: [Rows, Rows]): Rows {
  const at = (i: number, j: number, h: number) => {
    const moved = scores.map((row) => row.slice());
    moved[i]![j]! += h;
    const rows = reference(moved, positives, negatives);
    return rows.reduce((a, b) => a + b, 0) / rows.length;
  };
  return scores.map((row, i) => row.map((_, j) => (at(i, j, 1e-6) - at(i, j, -1e-6)) / 2e-6));
}

describe.each<BackendName>(["cpu", "wasm"])("losses of score matrices on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it.each(losses)(
    "%s has the values and slopes of obvious loops, with one positive or several",
    (_name, loss, reference) => {
      for (const cells of [single, several])
        tf.tidy(() => {
          const [positives, negatives] = cells.map((rows) => tf.tensor2d(rows)) as [tf.Tensor2D, tf.Tensor2D];
          // rows without positives: multi-similarity and the references disagree on pushing only, so the last row of
          // `several` is compared for losses that compare positives with negatives
          const want = reference(scores, ...cells);
          const got = Array.from(loss(tf.tensor2d(scores), positives, negatives).dataSync());
          const rows = cells === several ? 3 : 4;
          expectClose(got.slice(0, rows), want.slice(0, rows), 2e-5);
          const slope = tf.grad((s) => tf.mean(loss(s as tf.Tensor2D, positives, negatives)))(
            tf.tensor2d(scores),
          );
          expectClose(
            (slope.arraySync() as Rows).slice(0, rows),
            numericGradient(reference, cells).slice(0, rows),
            5e-5,
          );
        });
    },
  );

  it("circle has the values of obvious loops, and the slopes that hold its weights still", () => {
    tf.tidy(() => {
      const [positives, negatives] = several.map((rows) => tf.tensor2d(rows)) as [tf.Tensor2D, tf.Tensor2D];
      const loss = circle({ margin: 0.25, gamma: 4 });
      const got = Array.from(loss(tf.tensor2d(scores), positives, negatives).dataSync());
      expectClose(
        got.slice(0, 3),
        referenceScores
          .circle(0.25, 4)(scores, ...several)
          .slice(0, 3),
        2e-5,
      );
      const still =
        (s: Rows): ReferenceLoss =>
        (moved, p, n) =>
          moved.map((row, i) => {
            const terms = (keep: Rows, f: (x: number, fixed: number) => number) =>
              row.reduce((total, x, j) => total + (keep[i]![j] ? Math.exp(f(x, s[i]![j]!)) : 0), 0);
            const push = terms(n, (x, fixed) => 4 * Math.max(0, fixed + 0.25) * (x - 0.25));
            const pull = terms(p, (x, fixed) => -4 * Math.max(0, 1.25 - fixed) * (x - 0.75));
            return Math.log(1 + push * pull);
          });
      const slope = tf.grad((s) => tf.mean(loss(s as tf.Tensor2D, positives, negatives)))(
        tf.tensor2d(scores),
      );
      expectClose(
        (slope.arraySync() as Rows).slice(0, 3),
        numericGradient(still(scores), several).slice(0, 3),
        5e-5,
      );
    });
  });

  it("rows without a positive cost nothing where positives are compared", () => {
    tf.tidy(() => {
      const none = tf.zeros([2, 3]) as tf.Tensor2D;
      for (const [name, loss] of losses.slice(0, 6)) {
        if (name === "pointwise BCE") continue; // each cell stands for itself there
        expect([...loss(tf.ones([2, 3]), none, tf.ones([2, 3])).dataSync()], name).toEqual([0, 0]);
      }
    });
  });

  it("scores of any size stay finite", () => {
    tf.tidy(() => {
      const large = tf.tensor2d([[3000, -3000]]);
      for (const [name, loss] of losses)
        expect(
          Number.isFinite(loss(large, tf.tensor2d([[0, 1]]), tf.tensor2d([[1, 0]])).dataSync()[0]!),
          name,
        ).toBe(true);
    });
  });

  it("approximate nDCG becomes exact at low temperature", () => {
    tf.tidy(() => {
      const loss = approximateNdcg(1e-3);
      const grades = tf.tensor2d([[0, 2, 0, 1]]);
      const got = loss(
        tf.tensor2d([[0.9, 0.5, 0.1, 0.7]]),
        grades,
        tf.tensor2d([[1, 0, 1, 0]]),
      ).dataSync()[0]!;
      // ranks: grade 2 third, grade 1 second
      const dcg = 3 / 2 + 1 / Math.log2(3);
      expect(got).toBeCloseTo(1 - dcg / (3 + 1 / Math.log2(3)), 4);
    });
  });
});

it("options out of range are refused", () => {
  expect(() => softmaxScores(0)).toThrow("softmaxScores: temperature must be > 0, got 0");
  expect(() => pairwiseHinge(-1)).toThrow("pairwiseHinge: margin must be > 0, got -1");
  expect(() => circle({ margin: 0 })).toThrow("circle: margin must be > 0, got 0");
  expect(() => multiSimilarity({ beta: 0 })).toThrow("multiSimilarity: beta must be > 0");
});
