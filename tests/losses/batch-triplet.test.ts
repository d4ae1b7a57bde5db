import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { batchTriplet } from "../../lib/losses/batch-triplet.js";
import { createLoss } from "../../lib/losses/create-loss.js";
import { referenceBatchTriplet, tripletMask } from "../support/reference-losses.js";
import { expectClose, expectFloat32Close, vectors } from "../support/vectors.js";
import { expectGradientsMatchReference } from "./gradient-check.js";

describe("triples of the reference", () => {
  it("matches the published triples, the surplus negative of late anchors included", () => {
    for (const { inputs, expected } of vectors("0-qdrl/triplet_mask/")) {
      const mask = tripletMask(inputs.batch_size, inputs.num_negatives);
      expect({ ...mask, count: mask.anchor.length }).toEqual(expected);
    }
  });

  it("has the count that the closed form gives", () => {
    const count = (size: number, negatives: number) => tripletMask(size, negatives).anchor.length;
    for (const { inputs, expected } of vectors("0-qdrl/triplet_mask_count/"))
      expect(count(inputs.batch_size, inputs.num_negatives)).toBe(expected.count);
    for (const size of [1, 2, 5, 9])
      for (const negatives of [1, 3, 8, 63])
        expect(count(size, negatives)).toBe(Math.min(size, negatives + 1) * (size - 1));
  });
});

describe("reference triplet loss, float64", () => {
  it("matches the published vectors", () => {
    for (const { inputs, expected, tolerance } of vectors("0-qdrl/triplet_cosine_loss/")) {
      const got = referenceBatchTriplet(
        inputs.queries,
        inputs.documents,
        inputs.margin,
        inputs.num_negatives,
      );
      expectClose(got.loss, expected.loss, tolerance);
      expectClose(got.terms, expected.terms, tolerance);
    }
  });
});

describe.each<BackendName>(["cpu", "wasm"])("batchTriplet on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("matches the published vectors to single precision", () => {
    for (const { inputs, expected } of vectors("0-qdrl/triplet_cosine_loss/"))
      tf.tidy(() => {
        const loss = batchTriplet({ margin: inputs.margin, numNegatives: inputs.num_negatives });
        const got = loss(tf.tensor2d(inputs.queries), tf.tensor2d(inputs.documents));
        expectFloat32Close(got.value.dataSync(), [expected.loss]);
        const [a, b, c, d, e, f] = expected.terms;
        expectFloat32Close(got.perExample.dataSync(), [(a + b) / 2, (c + d) / 2, (e + f) / 2]);
      });
  });

  it("has the gradients of finite differences of the float64 reference, for few and for all negatives", () => {
    for (const numNegatives of [1, 2, 63])
      expectGradientsMatchReference(
        batchTriplet({ margin: 0.7, numNegatives }),
        (q, d) => referenceBatchTriplet(q, d, 0.7, numNegatives).loss,
      );
  });

  it("is zero without triples", () => {
    tf.tidy(() => {
      const loss = batchTriplet({ margin: 0.3, numNegatives: 63 });
      expect(loss(tf.tensor2d([[1, 2]]), tf.tensor2d([[3, 1]])).value.dataSync()[0]).toBe(0);
    });
  });

  it("refuses options out of range", () => {
    expect(() => batchTriplet({ margin: -1, numNegatives: 1 })).toThrow("margin must be ≥ 0, got -1");
    expect(() => batchTriplet({ margin: 1, numNegatives: 0 })).toThrow("positive integer, got 0");
  });
});

describe("createLoss", () => {
  it("builds both losses and names the known kinds otherwise", () => {
    expect(createLoss({ kind: "batch_softmax", temperature: 0.1 } as { kind: string })).toBeTypeOf(
      "function",
    );
    expect(createLoss({ kind: "triplet", margin: 0.1, numNegatives: 3 } as { kind: string })).toBeTypeOf(
      "function",
    );
    expect(() => createLoss({ kind: "hinge" })).toThrow(
      'unknown loss "hinge"; known: batch_softmax, triplet, ',
    );
  });
});
