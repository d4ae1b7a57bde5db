import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import {
  batchMarginMse,
  rankingDistillation,
  type ScoreTeacherLoss,
} from "../../lib/losses/score-distillation.js";
import { referenceCosines } from "../support/reference-losses.js";

const random = new Random(4);
const matrix = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
const queries = matrix(3, 4);
const documents = matrix(5, 4);
const teacher = matrix(3, 5).map((row) => row.map((x) => Math.tanh(x)));

const softmax = (row: number[]) => {
  const powers = row.map((x) => Math.exp(x - Math.max(...row)));
  return powers.map((p) => p / powers.reduce((a, b) => a + b, 0));
};

/** The definition in float64 loops. */
function slowKl(q: number[][], temperature: number, teacherTemperature: number): number[] {
  return referenceCosines(q, documents).map((row, i) => {
    const p = softmax(teacher[i]!.map((x) => x / teacherTemperature));
    const r = softmax(row.map((x) => x / temperature));
    return p.reduce((sum, x, j) => sum + x * Math.log(x / r[j]!), 0);
  });
}

function slowMargins(q: number[][]): number[] {
  return referenceCosines(q, documents).map((row, i) => {
    let sum = 0;
    for (let j = 0; j < 5; j++)
      if (j !== i) sum += (row[i]! - row[j]! - (teacher[i]![i]! - teacher[i]![j]!)) ** 2;
    return sum / 4;
  });
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("losses against a teacher's scores", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  const cases: [string, ScoreTeacherLoss, (q: number[][]) => number[]][] = [
    [
      "rankingDistillation",
      rankingDistillation({ temperature: 0.5, teacherTemperature: 0.3 }),
      (q) => slowKl(q, 0.5, 0.3),
    ],
    ["batchMarginMse", batchMarginMse(), slowMargins],
  ];
  for (const [name, loss, slowly] of cases)
    it(`${name} is its definition, and its gradient that of finite differences`, () => {
      tf.tidy(() => {
        const { value, perExample } = loss(
          tf.tensor2d(queries),
          tf.tensor2d(documents),
          tf.tensor2d(teacher),
        );
        const expected = slowly(queries);
        perExample.dataSync().forEach((x, i) => {
          expect(x).toBeCloseTo(expected[i]!, 5);
        });
        expect(value.dataSync()[0]).toBeCloseTo(mean(expected), 5);
        const gradient = tf
          .grad((q) => loss(q as tf.Tensor2D, tf.tensor2d(documents), tf.tensor2d(teacher)).value)(
            tf.tensor2d(queries),
          )
          .dataSync();
        const h = 1e-5;
        for (let i = 0; i < 12; i++) {
          const moved = (by: number) =>
            mean(slowly(queries.map((row, r) => row.map((x, c) => (r * 4 + c === i ? x + by : x)))));
          expect(gradient[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 4);
        }
      });
    });

  it("are 0 for a student that scores as the teacher", () => {
    tf.tidy(() => {
      const cosines = tf.tensor2d(referenceCosines(queries, documents));
      for (const loss of [rankingDistillation(), batchMarginMse()])
        expect(
          Math.abs(loss(tf.tensor2d(queries), tf.tensor2d(documents), cosines).value.dataSync()[0]!),
        ).toBeLessThan(1e-5);
    });
  });

  it("refuse temperatures and scores that cannot be", () => {
    expect(() => rankingDistillation({ temperature: 0 })).toThrow(/temperature must be > 0, got 0/);
    tf.tidy(() => {
      expect(() => batchMarginMse()(tf.tensor2d(queries), tf.tensor2d(documents), tf.zeros([3, 3]))).toThrow(
        /must be \[3, 5\], got \[3, 3\]/,
      );
    });
  });
});
