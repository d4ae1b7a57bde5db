import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { candidateMask, positivesByQuery } from "../../lib/losses/candidate-mask.js";
import { createLoss, lossKinds, registerLoss } from "../../lib/losses/create-loss.js";
import type { BatchLoss } from "../../lib/losses/loss.js";
import { contrastive, tripletMargin } from "../../lib/losses/pair-distance-losses.js";
import { symmetricSoftmax } from "../../lib/losses/symmetric-softmax.js";
import { referenceBatchSoftmax, referenceCosines } from "../support/reference-losses.js";
import { expectClose, expectFloat32Close, vector, vectors } from "../support/vectors.js";
import { expectGradientsMatchReference } from "./gradient-check.js";
import { type ReferenceLoss, type Rows, referenceScores } from "./reference-scores.js";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const diagonal = (size: number): [Rows, Rows] => [
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j))),
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i !== j))),
];
const onCosines = (loss: ReferenceLoss) => (q: Rows, d: Rows) =>
  mean(loss(referenceCosines(q, d), ...diagonal(q.length)));

describe.each<BackendName>(["cpu", "wasm"])("losses of batches on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("CLIP's loss matches its vectors, both directions", () => {
    for (const { inputs, expected } of vectors("4-finetuner/clip_loss/"))
      tf.tidy(() => {
        const loss = symmetricSoftmax({ temperature: 1 / inputs.logit_scale_exp });
        const [images, texts] = [inputs.image_embeddings, inputs.text_embeddings].map((rows) =>
          tf.tensor2d(rows),
        );
        expectFloat32Close(loss(images as tf.Tensor2D, texts as tf.Tensor2D).value.dataSync(), [
          expected.loss,
        ]);
        const rows = batchSoftmax({ temperature: 1 / inputs.logit_scale_exp });
        expectFloat32Close(rows(images as tf.Tensor2D, texts as tf.Tensor2D).value.dataSync(), [
          expected.image_to_text,
        ]);
        expectFloat32Close(rows(texts as tf.Tensor2D, images as tf.Tensor2D).value.dataSync(), [
          expected.text_to_image,
        ]);
      });
  });

  it("dot-product softmax matches the course's vectors: loss, gradients, hard negatives, overflow", () => {
    const loss = createLoss({ kind: "softmax", temperature: 1, similarity: "dot" } as never);
    tf.tidy(() => {
      const { inputs, expected } = vector("2-dense-retrieval-course/in_batch_loss_dot");
      const [q, p] = [tf.tensor2d(inputs.query_cls), tf.tensor2d(inputs.passage_cls)] as [
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const got = loss(q, p);
      expectFloat32Close(got.value.dataSync(), [expected.loss]);
      expectFloat32Close(got.perExample.dataSync(), expected.row_losses);
      const slopes = vector("2-dense-retrieval-course/in_batch_gradients");
      const [dq, dp] = tf.grads((a, b) => loss(a as tf.Tensor2D, b as tf.Tensor2D).value)([q, p]);
      expectClose(dq!.arraySync(), slopes.expected.d_loss_d_query, 1e-5);
      expectClose(dp!.arraySync(), slopes.expected.d_loss_d_passage, 1e-5);
      const hard = vector("2-dense-retrieval-course/in_batch_plus_hard_negatives");
      const all = tf.tensor2d([...hard.inputs.passage_cls, ...hard.inputs.hard_negative_cls]);
      const withHard = loss(q, all);
      expectFloat32Close(withHard.perExample.dataSync(), hard.expected.row_losses);
      expectFloat32Close(withHard.value.dataSync(), [hard.expected.loss]);
      const far = vector("2-dense-retrieval-course/in_batch_overflow").inputs;
      expect(loss(tf.tensor2d(far.query_cls), tf.tensor2d(far.passage_cls)).value.dataSync()[0]).toBe(0);
      const cosine = vector("2-dense-retrieval-course/in_batch_loss_cosine_variant");
      const unit = createLoss({ kind: "softmax", temperature: 1 } as never)(q, p);
      expectFloat32Close(unit.perExample.dataSync(), cosine.expected.row_losses);
    });
  });

  const references: [string, BatchLoss, (q: Rows, d: Rows) => number][] = [
    [
      "pairwise_logistic",
      createLoss({ kind: "pairwise_logistic", temperature: 0.5 } as never),
      onCosines(referenceScores.logistic(0.5)),
    ],
    [
      "pairwise_hinge",
      createLoss({ kind: "pairwise_hinge", margin: 0.6 } as never),
      onCosines(referenceScores.hinge(0.6)),
    ],
    [
      "pointwise_bce",
      createLoss({ kind: "pointwise_bce", temperature: 0.5, bias: -1 } as never),
      onCosines(referenceScores.bce(0.5, -1)),
    ],
    [
      "list_net",
      createLoss({ kind: "list_net", temperature: 0.5 } as never),
      onCosines(referenceScores.listNet(0.5)),
    ],
    [
      "approximate_ndcg",
      createLoss({ kind: "approximate_ndcg", temperature: 0.3 } as never),
      onCosines(referenceScores.ndcg(0.3)),
    ],
    [
      "multi_similarity",
      createLoss({ kind: "multi_similarity", beta: 10 } as never),
      onCosines(referenceScores.multiSimilarity(2, 10, 0.5)),
    ],
    [
      "symmetric_softmax",
      symmetricSoftmax({ temperature: 0.4 }),
      (q, d) => (referenceBatchSoftmax(q, d, 0.4).loss + referenceBatchSoftmax(d, q, 0.4).loss) / 2,
    ],
    [
      "triplet_margin on cosine distance",
      tripletMargin({ margin: 0.7 }),
      onCosines(referenceScores.hinge(0.7)),
    ],
    [
      "triplet_margin on squared distance, non-zero terms",
      tripletMargin({ margin: 0.7, distance: "sqeuclidean", average: "non_zero" }),
      (q, d) => {
        const terms = tripletTerms(q, d, 0.7, 1);
        return terms.reduce((a, b) => a + b, 0) / terms.filter((t) => t > 0).length;
      },
    ],
    [
      "triplet_margin on Euclidean distance",
      tripletMargin({ margin: 0.7, distance: "euclidean" }),
      (q, d) => mean(tripletTerms(q, d, 0.7, 0.5)),
    ],
    [
      "contrastive",
      contrastive({ margin: 0.9 }),
      (q, d) =>
        mean(
          referenceCosines(q, d).flatMap((row, i) =>
            row.map((c, j) => (i === j ? 1 - c : Math.max(0, 0.9 - (1 - c)))),
          ),
        ),
    ],
  ];

  it.each(references)(
    "%s has the gradients of finite differences of the float64 reference",
    (_name, loss, reference) => {
      expectGradientsMatchReference(loss, reference);
    },
  );

  it("a masked candidate counts as if it were not there", () => {
    const documents = [
      [1, 0.2, 0],
      [0.1, 1, 0.3],
      [0, 0.2, 1],
      [0.3, 0.9, 0.1],
    ];
    const queries = documents.slice(0, 3).map((row) => row.map((x) => x + 0.1));
    // the last column is masked for everybody
    const mask = Float32Array.from({ length: 12 }, (_, cell) => (cell % 4 === 3 ? 0 : 1));
    const kinds: [string, object][] = [
      ["batch_softmax", { temperature: 0.2 }],
      ["triplet", { margin: 0.3, numNegatives: 63 }],
      ["symmetric_softmax", { temperature: 0.2 }],
      ["softmax", { temperature: 0.2 }],
      ["pairwise_logistic", { temperature: 0.2 }],
      ["pairwise_hinge", { margin: 0.3 }],
      ["pointwise_bce", { temperature: 0.2 }],
      ["list_net", { temperature: 0.2 }],
      ["approximate_ndcg", { temperature: 0.2 }],
      ["multi_similarity", {}],
      ["circle", {}],
      ["triplet_margin", { margin: 0.3 }],
      ["contrastive", { margin: 0.9 }],
      ["matryoshka", { widths: [1], temperature: 0.2 }],
    ];
    // "labelled" is whichever loss of labelled items it names, "vicreg" has no negatives
    expect([...kinds.map(([kind]) => kind), "labelled", "vicreg"].sort()).toEqual(lossKinds().sort());
    for (const [kind, options] of kinds)
      tf.tidy(() => {
        const loss = createLoss({ kind, ...options });
        const q = tf.tensor2d(queries);
        const masked = loss(q, tf.tensor2d(documents), { negatives: mask }).value.dataSync()[0]!;
        const without = loss(q, tf.tensor2d(documents.slice(0, 3))).value.dataSync()[0]!;
        const unmasked = loss(q, tf.tensor2d(documents)).value.dataSync()[0]!;
        expect(masked, kind).toBeCloseTo(without, 6);
        expect(Math.abs(unmasked - without), kind).toBeGreaterThan(1e-4);
      });
  });

  it("logQ makes sampled softmax estimate the full one", () => {
    // 3 documents, drawn with probabilities .5, .25, .25: expectation of exp(s − log Q) over draws is the full sum
    const [temperature, scores, probabilities] = [0.5, [0.9, 0.2, -0.4], [0.5, 0.25, 0.25]];
    tf.tidy(() => {
      const query = tf.tensor2d([[1, 0]]);
      const rows = scores.map((c) => [c, Math.sqrt(1 - c * c)]);
      const full = scores.reduce((sum, c) => sum + Math.exp(c / temperature), 0);
      const drawn = [0, 0, 1, 2]; // as many copies of each as expected among four draws
      const logQ = Float32Array.from([Math.log(1), ...drawn.map((d) => Math.log(4 * probabilities[d]!))]);
      const loss = batchSoftmax({ temperature });
      // own document first with Q = 1, then the four drawn ones
      const value = loss(query, tf.tensor2d([rows[0]!, ...drawn.map((d) => rows[d]!)]), {
        logQ,
      }).value.dataSync()[0]!;
      const sampled = Math.exp(scores[0]! / temperature) + full;
      expect(value).toBeCloseTo(Math.log(sampled) - scores[0]! / temperature, 5);
    });
  });
});

function tripletTerms(q: Rows, d: Rows, margin: number, power: number): number[] {
  const distance = (a: number[], b: number[]) => a.reduce((sum, x, k) => sum + (x - b[k]!) ** 2, 0) ** power;
  return q.flatMap((row, i) =>
    d.flatMap((other, j) =>
      i === j ? [] : [Math.max(0, distance(row, d[i]!) - distance(row, other) + margin)],
    ),
  );
}

describe("a learnable temperature", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  it("has the slope of finite differences and is clamped to [1, 100]", () => {
    tf.tidy(() => {
      const queries = tf.tensor2d([
        [1, 0.5],
        [0.2, 1],
        [-1, 0.3],
      ]);
      const documents = tf.tensor2d([
        [0.8, 1],
        [0.5, 1],
        [-1, 1],
      ]);
      const loss = symmetricSoftmax({ temperature: 0.2, learnable: true });
      const weight = loss.weights!["log_scale"]!;
      const { grads } = tf.variableGrads(() => loss(queries, documents).value, [weight]);
      const at = (t: number) =>
        symmetricSoftmax({ temperature: Math.exp(-t) })(queries, documents).value.dataSync()[0]!;
      const slope = (at(Math.log(5) + 1e-2) - at(Math.log(5) - 1e-2)) / 2e-2;
      expect(grads[weight.name]!.dataSync()[0]).toBeCloseTo(slope, 3);
      weight.assign(tf.scalar(9));
      loss.clamp!();
      expect(weight.dataSync()[0]).toBeCloseTo(Math.log(100), 5);
      weight.assign(tf.scalar(-2));
      loss.clamp!();
      expect(weight.dataSync()[0]).toBe(0);
    });
    expect(() => symmetricSoftmax({ temperature: 0.001, learnable: true })).toThrow(
      "a learnable 1/temperature must start in [1, 100], got 1000",
    );
  });
});

describe("candidateMask", () => {
  const known = positivesByQuery([7, 7, 8], [1, 2, 3]);

  it("leaves out equal documents, known positives, or nothing", () => {
    const [queries, documents] = [
      [7, 8, 7],
      [1, 3, 2, 3, -1],
    ];
    const rows = (mask: Float32Array) => [0, 1, 2].map((i) => [...mask.subarray(i * 5, i * 5 + 5)].join(""));
    expect(rows(candidateMask(queries!, documents!, "none"))).toEqual(["01111", "10111", "11011"]);
    expect(rows(candidateMask(queries!, documents!, "same_document"))).toEqual(["01111", "10101", "11011"]);
    expect(rows(candidateMask(queries!, documents!, "known_positives", known))).toEqual([
      "01011",
      "10101",
      "01011",
    ]);
    expect(rows(candidateMask(queries!, documents!, "none", known, { inBatch: false }))).toEqual([
      "00011",
      "00011",
      "00011",
    ]);
  });
});

describe("registerLoss", () => {
  it("makes a loss of one's own available by name", () => {
    registerLoss("mine", (spec: { weight: number }) => (queries, documents) => {
      const perExample = tf.mul(
        tf.sum(tf.squaredDifference(queries, documents), 1),
        spec.weight,
      ) as tf.Tensor1D;
      return { value: tf.mean(perExample) as tf.Scalar, perExample };
    });
    tf.tidy(() => {
      const loss = createLoss({ kind: "mine", weight: 2 } as never);
      expect(loss(tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 4]])).value.dataSync()[0]).toBe(8);
    });
  });
});
