import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { selfTeaching } from "../../lib/losses/self-teaching.js";

beforeAll(() => selectBackend("cpu"));

const clean = [
  [1, 0],
  [0.6, 0.8],
];
const misspelled = [
  [0.8, 0.6],
  [-1, 0.5],
];
const documents = [
  [2, 0],
  [0, 1],
];

/** The formula, written out in float64. */
function reference(q: number[][], w: number[][], d: number[][], temperature: number): number {
  const cosine = (a: number[], b: number[]) =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  const softmax = (row: number[]) => {
    const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
    return row.map((x) => Math.exp(x) / total);
  };
  let loss = 0;
  for (let i = 0; i < q.length; i++) {
    const p = softmax(d.map((document) => cosine(q[i]!, document) / temperature));
    const r = softmax(d.map((document) => cosine(w[i]!, document) / temperature));
    p.forEach((share, j) => {
      loss += share * Math.log(share / r[j]!);
    });
  }
  return loss / q.length;
}

describe("selfTeaching", () => {
  it("is the divergence of the misspelled queries' scores from the clean ones'", () => {
    for (const temperature of [1, 0.3]) {
      const value = selfTeaching(
        tf.tensor2d(clean),
        tf.tensor2d(misspelled),
        tf.tensor2d(documents),
        temperature,
      );
      expect(value.dataSync()[0]).toBeCloseTo(reference(clean, misspelled, documents, temperature), 5); // float32
    }
  });

  it("is 0 for queries spelled alike", () => {
    const value = selfTeaching(tf.tensor2d(clean), tf.tensor2d(clean), tf.tensor2d(documents), 0.1);
    expect(value.dataSync()[0]).toBeCloseTo(0, 6);
  });

  it("moves the misspelled queries as finite differences say, the clean ones not at all", () => {
    const [q, w, d] = [tf.tensor2d(clean), tf.tensor2d(misspelled), tf.tensor2d(documents)];
    const [gradQ, gradW, gradD] = tf.grads((a, b, c) =>
      selfTeaching(a as tf.Tensor2D, b as tf.Tensor2D, c as tf.Tensor2D, 0.5),
    )([q, w, d]);
    expect([...gradQ!.dataSync()]).toEqual([0, 0, 0, 0]);
    const step = 1e-5;
    const nudged = (matrix: number[][], at: number, by: number) =>
      matrix.map((row, i) => row.map((x, j) => (2 * i + j === at ? x + by : x)));
    for (let at = 0; at < 4; at++) {
      const slope =
        (reference(clean, nudged(misspelled, at, step), documents, 0.5) -
          reference(clean, nudged(misspelled, at, -step), documents, 0.5)) /
        (2 * step);
      expect(gradW!.dataSync()[at]).toBeCloseTo(slope, 4);
    }
    // the teacher is constant, so the documents move by the student's scores alone: away from where the whole formula falls
    expect(Math.hypot(...gradD!.dataSync())).toBeGreaterThan(0.1);
  });

  it("refuses shapes that differ and temperatures that are not positive", () => {
    const [q, d] = [tf.tensor2d(clean), tf.tensor2d([[1, 0]])];
    expect(() => selfTeaching(q, q, d, 1)).toThrow(
      /^selfTeaching: queries .*documents .*\[2, 2\] and \[1, 2\]/,
    );
    expect(() => selfTeaching(q, q, q, 0)).toThrow("selfTeaching: temperature must be > 0, got 0");
  });
});
