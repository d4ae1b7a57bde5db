import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { cosineMatrix } from "../../lib/losses/cosine.js";
import { referenceBatchSoftmax, referenceCosines } from "../support/reference-losses.js";
import { expectClose, expectFloat32Close, vector, vectors } from "../support/vectors.js";
import { expectGradientsMatchReference } from "./gradient-check.js";

describe("reference cosines and batch softmax, float64", () => {
  it("match the published vectors", () => {
    const { inputs, expected, tolerance } = vector("0-qdrl/batch_cosine_matrix");
    expectClose(referenceCosines(inputs.queries, inputs.documents, inputs.eps), expected, tolerance);
    for (const { inputs, expected, tolerance } of vectors("0-qdrl/batch_softmax_loss/")) {
      const got = referenceBatchSoftmax(inputs.queries, inputs.documents, inputs.temperature);
      expectClose(got.loss, expected.loss, tolerance);
      expectClose(got.rows, expected.row_losses, tolerance);
    }
  });

  it("match the fine-tuner's cos_sim", () => {
    const { inputs, expected, tolerance } = vector("4-finetuner/cos_sim");
    expectClose(referenceCosines([inputs.a], [inputs.b]), [[expected]], tolerance);
  });

  it("match the published gradient with respect to the cosines", () => {
    const { inputs, expected, tolerance } = vector("0-qdrl/batch_softmax_grad_logits");
    const got = referenceBatchSoftmax(inputs.queries, inputs.documents, inputs.temperature);
    expectClose(got.gradientOfCosines, expected.d_loss_d_cos, tolerance);
  });
});

describe.each<BackendName>(["cpu", "wasm"])("batchSoftmax on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("matches the published vectors to single precision", () => {
    const cosines = vector("0-qdrl/batch_cosine_matrix");
    tf.tidy(() => {
      const matrix = cosineMatrix(tf.tensor2d(cosines.inputs.queries), tf.tensor2d(cosines.inputs.documents));
      expectFloat32Close(matrix.dataSync(), cosines.expected.flat());
    });
    for (const { inputs, expected } of vectors("0-qdrl/batch_softmax_loss/"))
      tf.tidy(() => {
        const loss = batchSoftmax({ temperature: inputs.temperature });
        const got = loss(tf.tensor2d(inputs.queries), tf.tensor2d(inputs.documents));
        expectFloat32Close(got.value.dataSync(), [expected.loss]);
        expectFloat32Close(got.perExample.dataSync(), expected.row_losses);
      });
  });

  it("has the gradients of finite differences of the float64 reference", () => {
    for (const temperature of [1, 0.1])
      expectGradientsMatchReference(
        batchSoftmax({ temperature }),
        (q, d) => referenceBatchSoftmax(q, d, temperature).loss,
      );
  });

  it("takes batches of any size, one row and zero rows included", () => {
    tf.tidy(() => {
      const loss = batchSoftmax({ temperature: 0.1 });
      expectFloat32Close(loss(tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 1]])).value.dataSync(), [0]);
      const zero = loss(tf.zeros([2, 3]), tf.ones([2, 3]));
      expectFloat32Close(zero.value.dataSync(), [Math.log(2)]);
      const slopes = tf.grads((q, d) => loss(q as tf.Tensor2D, d as tf.Tensor2D).value)([
        tf.zeros([2, 3]),
        tf.tensor2d([
          [1, 0, 0],
          [0, 1, 0],
        ]),
      ]);
      for (const slope of slopes) expect([...slope.dataSync()].every(Number.isFinite)).toBe(true);
    });
  });

  it("refuses bad temperatures and unequal shapes", () => {
    expect(() => batchSoftmax({ temperature: 0 })).toThrow("temperature must be > 0, got 0");
    tf.tidy(() => {
      const loss = batchSoftmax({ temperature: 1 });
      expect(() => loss(tf.zeros([2, 3]), tf.zeros([1, 3]))).toThrow("got [2, 3] and [1, 3]");
    });
  });
});
