import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { createLoss } from "../../lib/losses/create-loss.js";
import { KnownGrades } from "../../lib/losses/known-grades.js";

/** Query 0 has documents 0 (grade 3) and 1 (grade 1), query 1 has document 2 (grade 2). */
const known = new KnownGrades({ queryOf: [0, 0, 1], documentOf: [0, 1, 2] }, [3, 1, 2]);

beforeAll(async () => void (await selectBackend("wasm")));

describe("graded judgements", () => {
  it("become a grade for every cell of a batch that a pair names", () => {
    // the batch holds the pair (0, 1), the pair (1, 2), and document 0 beside them
    expect([...known.of([0, 1], [1, 2, 0])]).toEqual([1, 0, 3, 0, 2, 0]);
  });

  it("reach ListNet and approximate nDCG, which then say more than the softmax", () => {
    const queries = tf.tensor2d([1, 0, 0.6, 0.8], [2, 2]);
    const documents = tf.tensor2d([0.9, 0.3, 0.2, 1, -0.4, 0.8], [3, 2]);
    const grades = known.of([0, 1], [1, 2, 0]);
    const documentIds = Int32Array.from([1, 2, 0]);
    const value = (kind: string, context: object) =>
      tf.tidy(() => createLoss({ kind, temperature: 0.5 })(queries, documents, context).value.dataSync()[0]!);
    expect(value("list_net", { documentIds })).toBeCloseTo(value("softmax", { documentIds }), 6);
    const rows = [
      [1, 0],
      [0.6, 0.8],
    ];
    const unit = [
      [0.9, 0.3],
      [0.2, 1],
      [-0.4, 0.8],
    ].map(([x, y]) => [x! / Math.hypot(x!, y!), y! / Math.hypot(x!, y!)]);
    const scores = rows.map(([a, b]) => unit.map(([x, y]) => a! * x! + b! * y!));
    const cross = scores.map((row, i) => {
      const of = [...grades.slice(3 * i, 3 * i + 3)];
      const total = Math.log(row.reduce((sum, s) => sum + Math.exp(s / 0.5), 0));
      const mass = of.reduce((a, b) => a + b, 0);
      return of.reduce((sum, grade, j) => sum + (grade / mass) * (total - row[j]! / 0.5), 0);
    });
    expect(value("list_net", { documentIds, grades })).toBeCloseTo((cross[0]! + cross[1]!) / 2, 5);
    const gain = (grade: number) => 2 ** grade - 1;
    const ndcg = scores.map((row, i) => {
      const of = [...grades.slice(3 * i, 3 * i + 3)];
      const rank = (j: number) =>
        1 + row.reduce((sum, s, k) => sum + (k === j ? 0 : 1 / (1 + Math.exp(-(s - row[j]!) / 0.5))), 0);
      const dcg = of.reduce((sum, grade, j) => sum + gain(grade) / Math.log2(1 + rank(j)), 0);
      const ideal = [...of].sort((a, b) => b - a).reduce((sum, g, r) => sum + gain(g) / Math.log2(r + 2), 0);
      return 1 - dcg / ideal;
    });
    expect(value("approximate_ndcg", { documentIds, grades })).toBeCloseTo((ndcg[0]! + ndcg[1]!) / 2, 5);
    // a loss that knows no grades takes none
    expect(value("pairwise_logistic", { documentIds, grades })).toBe(
      value("pairwise_logistic", { documentIds }),
    );
  });
});
