import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { logSumExpRows, maxOverFew } from "../../../lib/engine/ops/maxima.js";
import { expectFloat32Close } from "../../support/vectors.js";

beforeAll(async () => void (await selectBackend("wasm")));

const x = [
  [1, -2, 3, 0.5],
  [100, 100, 99, -100],
];

describe("maxima with gradients written out", () => {
  it("log-sum-exp is that of each row, also where exp would overflow, and its slope the softmax", () => {
    const weights = [2, -1];
    const given = tf.tensor2d(x);
    const { value, grad } = tf.valueAndGrad((t: tf.Tensor) =>
      tf.sum(tf.mul(logSumExpRows(t as tf.Tensor2D), weights)),
    )(given);
    const sums = x.map((row) => 100 + Math.log(row.reduce((sum, v) => sum + Math.exp(v - 100), 0)));
    expectFloat32Close(value.dataSync(), [2 * sums[0]! - sums[1]!]);
    const slopes = x.flatMap((row, i) => row.map((v) => weights[i]! * Math.exp(v - sums[i]!)));
    expectFloat32Close(grad.dataSync(), slopes);
  });

  it.each([0, 1])("the maximum over axis %i has its slope at the first of equal entries", (axis) => {
    const given = tf.tensor2d(x);
    const { value, grad } = tf.valueAndGrad((t: tf.Tensor) => tf.sum(maxOverFew(t, axis)))(given);
    const expected = [
      [100, 100, 99, 0.5],
      [3, 100],
    ][axis]!; // prettier-ignore
    expect(value.dataSync()[0]).toBe(expected.reduce((a, b) => a + b, 0));
    const places = [
      [0, 0, 0, 1, 1, 1, 1, 0],
      [0, 0, 1, 0, 1, 0, 0, 0],
    ][axis]!; // prettier-ignore
    expect(Array.from(grad.dataSync())).toEqual(places);
  });
});
