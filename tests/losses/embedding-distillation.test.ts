import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { embeddingDistillation } from "../../lib/losses/embedding-distillation.js";

const random = new Random(6);
const matrix = () => Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => random.normal()));
const student = matrix();
const teacher = matrix();

const slow = (rows: number[][]) =>
  rows.map((row, i) => {
    const dot = row.reduce((sum, x, d) => sum + x * teacher[i]![d]!, 0);
    return 1 - dot / (Math.hypot(...row) * Math.hypot(...teacher[i]!));
  });
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("embeddingDistillation", () => {
  beforeAll(async () => void (await selectBackend("wasm")));

  it("is its definition, and its gradient that of finite differences", () => {
    tf.tidy(() => {
      const t = tf.tensor2d(teacher);
      const { value, perExample } = embeddingDistillation(tf.tensor2d(student), t);
      const expected = slow(student);
      perExample.dataSync().forEach((x, i) => {
        expect(x).toBeCloseTo(expected[i]!, 5);
      });
      expect(value.dataSync()[0]).toBeCloseTo(mean(expected), 5);
      const gradient = tf
        .grad((s) => embeddingDistillation(s as tf.Tensor2D, t).value)(tf.tensor2d(student))
        .dataSync();
      const h = 1e-5;
      for (let i = 0; i < 12; i++) {
        const moved = (by: number) =>
          mean(slow(student.map((row, r) => row.map((x, c) => (r * 4 + c === i ? x + by : x)))));
        expect(gradient[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 4);
      }
    });
  });

  it("is 0 for the same directions, 2 for opposed ones, 1 for a zero row", () => {
    tf.tidy(() => {
      const t = tf.tensor2d(teacher);
      const of = (s: tf.Tensor) => embeddingDistillation(s as tf.Tensor2D, t).value.dataSync()[0];
      expect(of(tf.mul(t, 3))).toBeCloseTo(0, 5);
      expect(of(tf.neg(t))).toBeCloseTo(2, 5);
      expect(of(tf.zeros([3, 4]))).toBeCloseTo(1, 5);
      expect(() => embeddingDistillation(tf.zeros([3, 5]), t)).toThrow(
        /equal shapes, got \[3,5\] and \[3,4\]/,
      );
    });
  });
});
