import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { contrastiveAlignment } from "../../lib/losses/contrastive-alignment.js";

beforeAll(() => selectBackend("cpu"));

const clean = [
  [1, 0.2],
  [0.6, 0.8],
  [1, 0.2],
];
const misspelled = [
  [0.8, 0.6],
  [-1, 0.5],
  [0.3, -0.4],
];
/** The first and the last row are one query, asked for two documents. */
const ids = Int32Array.of(7, 4, 7);

/** The formula, written out in float64. */
function reference(w: number[][], q: number[][], temperature: number): number {
  const cosine = (a: number[], b: number[]) =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
  let loss = 0;
  for (let i = 0; i < w.length; i++) {
    let total = 0;
    for (let j = 0; j < q.length; j++)
      if (j === i || ids[j] !== ids[i]) total += Math.exp(cosine(w[i]!, q[j]!) / temperature);
    loss += Math.log(total) - cosine(w[i]!, q[i]!) / temperature;
  }
  return loss / w.length;
}

describe("contrastiveAlignment", () => {
  it("is the cross-entropy of the own clean query among the batch's other queries", () => {
    for (const temperature of [1, 0.3]) {
      const value = contrastiveAlignment(tf.tensor2d(misspelled), tf.tensor2d(clean), ids, temperature);
      expect(value.dataSync()[0]).toBeCloseTo(reference(misspelled, clean, temperature), 5); // float32
    }
  });

  it("is 0 where all rows are one query", () => {
    const one = Int32Array.of(3, 3, 3);
    const value = contrastiveAlignment(tf.tensor2d(misspelled), tf.tensor2d(clean), one, 0.1);
    expect(value.dataSync()[0]).toBeCloseTo(0, 6);
  });

  it("moves both spellings as finite differences say", () => {
    const [gradW, gradQ] = tf.grads((a, b) =>
      contrastiveAlignment(a as tf.Tensor2D, b as tf.Tensor2D, ids, 0.5),
    )([tf.tensor2d(misspelled), tf.tensor2d(clean)]);
    const step = 1e-5;
    const nudged = (matrix: number[][], at: number, by: number) =>
      matrix.map((row, i) => row.map((x, j) => (2 * i + j === at ? x + by : x)));
    for (let at = 0; at < 6; at++) {
      const slope = (f: (by: number) => number) => (f(step) - f(-step)) / (2 * step);
      const ofMisspelled = slope((by) => reference(nudged(misspelled, at, by), clean, 0.5));
      const ofClean = slope((by) => reference(misspelled, nudged(clean, at, by), 0.5));
      expect(gradW!.dataSync()[at]).toBeCloseTo(ofMisspelled, 4);
      expect(gradQ!.dataSync()[at]).toBeCloseTo(ofClean, 4);
    }
  });

  it("refuses other numbers of rows and temperatures that are not positive", () => {
    const q = tf.tensor2d(clean);
    expect(() => contrastiveAlignment(q, tf.tensor2d([[1, 0]]), ids, 1)).toThrow(
      "contrastiveAlignment: misspelled, clean and queryIds must be equally many, got 3, 1 and 3",
    );
    expect(() => contrastiveAlignment(q, q, ids, 0)).toThrow(
      "contrastiveAlignment: temperature must be > 0, got 0",
    );
  });
});
