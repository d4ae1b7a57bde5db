import * as tf from "@tensorflow/tfjs";
import { Random } from "../../lib/engine/random/random.js";
import type { BatchLoss } from "../../lib/losses/loss.js";
import { expectClose } from "../support/vectors.js";

type Rows = number[][];

/**
 * Gradients of a tfjs loss at random points against central differences of a float64 implementation (h = 1e-5, so
 * the difference itself is good to 1e-9). What remains is float32 rounding of the tfjs path: 1e-4 of the largest
 * component.
 */
export function expectGradientsMatchReference(
  loss: BatchLoss,
  reference: (queries: Rows, documents: Rows) => number,
  size = 5,
  dim = 4,
): void {
  const random = new Random(7);
  const matrix = () => Array.from({ length: size }, () => Array.from({ length: dim }, () => random.normal()));
  const sides = [matrix(), matrix()] as const;
  const slopes = tf.tidy(() =>
    tf
      .grads((q, d) => loss(q as tf.Tensor2D, d as tf.Tensor2D).value)(sides.map((rows) => tf.tensor2d(rows)))
      .map((slope) => slope.arraySync() as Rows),
  );
  const h = 1e-5;
  sides.forEach((rows, side) => {
    const numeric = rows.map((row, i) =>
      row.map((x, k) => {
        row[k] = x + h;
        const above = reference(sides[0], sides[1]);
        row[k] = x - h;
        const below = reference(sides[0], sides[1]);
        rows[i]![k] = x;
        return (above - below) / (2 * h);
      }),
    );
    const largest = Math.max(...numeric.flat().map(Math.abs));
    expectClose(slopes[side], numeric, 1e-4 * Math.max(largest, 1e-3));
  });
}
