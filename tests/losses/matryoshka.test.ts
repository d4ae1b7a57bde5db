import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { matryoshka } from "../../lib/losses/matryoshka.js";
import { referenceBatchSoftmax } from "../support/reference-losses.js";
import { expectFloat32Close } from "../support/vectors.js";
import { expectGradientsMatchReference } from "./gradient-check.js";

const first = (rows: number[][], m: number) => rows.map((row) => row.slice(0, m));
const reference = (widths: number[]) => (q: number[][], d: number[][]) =>
  widths.reduce((sum, m) => sum + referenceBatchSoftmax(first(q, m), first(d, m), 0.2).loss, 0) /
  widths.length;

describe("matryoshka", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  it("has value and gradients of the mean of float64 losses at each width, the whole one added", () => {
    const loss = matryoshka({ widths: [1, 3], temperature: 0.2 });
    expectGradientsMatchReference(loss, reference([1, 3, 4]));
    const rows = [
      [1, 2, -1, 0.5],
      [0, 1, 1, -2],
    ];
    const got = loss(tf.tensor2d(rows), tf.tensor2d([...rows].reverse()));
    expectFloat32Close(got.value.dataSync(), [reference([1, 3, 4])(rows, [...rows].reverse())]);
    expectFloat32Close(
      [(got.perExample.dataSync()[0]! + got.perExample.dataSync()[1]!) / 2],
      got.value.dataSync(),
    );
  });

  it("masks the same documents at every width", () => {
    tf.tidy(() => {
      const loss = matryoshka({ widths: [2], temperature: 0.2 });
      const rows = tf.tensor2d([
        [1, 2, 3],
        [3, 2, 1],
      ]);
      const negatives = new Float32Array(4); // nothing is a negative: every own document has probability 1
      expectFloat32Close(loss(rows, rows, { negatives }).value.dataSync(), [0]);
    });
  });

  it("refuses widths that are none", () => {
    expect(() => matryoshka({ widths: [4, 4], temperature: 1 })).toThrow(
      "matryoshka: widths must be different whole numbers ≥ 1, got [4, 4]",
    );
    expect(() => matryoshka({ widths: [8], temperature: 1 })(tf.ones([2, 4]), tf.ones([2, 4]))).toThrow(
      "matryoshka: widths must be at most the embedding's 4, got 8",
    );
  });
});
