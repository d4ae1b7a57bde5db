import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { distanceMatrix } from "../../lib/losses/distances.js";
import type { ItemLossParts } from "../../lib/losses/item-loss-part.js";
import { arcFace } from "../../lib/losses/items/arc-face.js";
import {
  type ComparedLoss,
  comparedItemLoss,
  weightedItemLoss,
} from "../../lib/losses/items/compared-items.js";
import { cosFace } from "../../lib/losses/items/cos-face.js";
import { easyPositive } from "../../lib/losses/items/easy-positive-loss.js";
import { itemCircle } from "../../lib/losses/items/item-circle.js";
import { minedTriplet } from "../../lib/losses/items/mined-triplet.js";
import { ntXent } from "../../lib/losses/items/nt-xent.js";
import { siamese } from "../../lib/losses/items/siamese.js";
import { supervisedContrastive } from "../../lib/losses/items/sup-con.js";
import { type LabelLoss, NoTuplesError } from "../../lib/losses/label-loss.js";
import { cosineSimilarity, marginMse } from "../../lib/losses/scored-losses.js";
import { allPairs, allTriplets } from "../../lib/negatives/miners/all.js";
import { easyPositiveMiner } from "../../lib/negatives/miners/easy-positive.js";
import { onlineTriplets } from "../../lib/negatives/miners/online-selectors.js";
import { referenceCosines } from "../support/reference-losses.js";
import { expectClose, expectFloat32Close, vector, vectors } from "../support/vectors.js";

type Rows = number[][];
const parts: ItemLossParts = { miner: null, session: false, classes: 3, dim: 2, random: new Random(1) };
const ofItems = (loss: ComparedLoss) => comparedItemLoss(loss, parts);
const labelsOf = (labels: readonly number[]) => ({ labels: Int32Array.from(labels) });
const call = (loss: LabelLoss, embeddings: Rows, labels: readonly number[]) =>
  loss(tf.tensor2d(embeddings), labelsOf(labels));

/** Gradient of a labelled loss against central differences of a float64 function of the embeddings. */
function expectSlopes(
  loss: LabelLoss,
  reference: (x: Rows) => number,
  labels: readonly number[],
  dim = 3,
): void {
  const random = new Random(11);
  const x = labels.map(() => Array.from({ length: dim }, () => random.normal()));
  tf.tidy(() => {
    expect(call(loss, x, labels).value.dataSync()[0]).toBeCloseTo(reference(x), 4);
    const slope = tf.grad((t) => loss(t as tf.Tensor2D, labelsOf(labels)).value)(tf.tensor2d(x));
    const numeric = x.map((row, i) =>
      row.map((value, k) => {
        row[k] = value + 1e-5;
        const above = reference(x);
        row[k] = value - 1e-5;
        const below = reference(x);
        x[i]![k] = value;
        return (above - below) / 2e-5;
      }),
    );
    const largest = Math.max(...numeric.flat().map(Math.abs));
    // float32 forward and backward: 2e-4 of the largest component
    expectClose(slope.arraySync(), numeric, 2e-4 * largest + 1e-6);
  });
}

const squared = (a: number[], b: number[]) => a.reduce((sum, v, k) => sum + (v - b[k]!) ** 2, 0);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each<BackendName>(["cpu", "wasm"])("labelled losses on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("distances match their vector", () => {
    const { inputs, expected } = vector("4-finetuner/distances");
    tf.tidy(() => {
      const x = tf.tensor2d(inputs.embeddings) as tf.Tensor2D;
      expectClose(distanceMatrix(x, x, "cosine").arraySync(), expected.cosine, 1e-6);
      expectClose(distanceMatrix(x, x, "sqeuclidean").arraySync(), expected.sqeuclidean, 1e-6);
      // the square is good to 1e-7 · |x|², its root near 0 to √ of that
      expectClose(distanceMatrix(x, x, "euclidean").arraySync(), expected.euclidean, 1e-3);
    });
  });

  it("siamese and triplet losses match their vectors, term by term", () => {
    for (const { inputs, expected } of vectors("4-finetuner/siamese_loss/"))
      tf.tidy(() => {
        const got = call(siamese(inputs, allPairs()), inputs.embeddings, inputs.labels);
        expectFloat32Close(got.value.dataSync(), [expected.loss]);
        expectFloat32Close(got.perExample.dataSync(), expected.terms);
      });
    for (const { inputs, expected } of vectors("4-finetuner/triplet_loss/"))
      tf.tidy(() => {
        const got = call(minedTriplet(inputs, allTriplets()), inputs.embeddings, inputs.labels);
        expectFloat32Close(got.value.dataSync(), [expected.loss]);
        expectFloat32Close(got.perExample.dataSync(), expected.terms);
      });
  });

  it("triplet margin averages over all or over non-zero terms as in the vector", () => {
    const { inputs, expected } = vector("4-finetuner/triplet_margin_loss_reducers");
    tf.tidy(() => {
      const loss = (average: "all" | "non_zero") =>
        call(
          minedTriplet({ margin: inputs.margin, distance: "euclidean", average }, allTriplets()),
          inputs.embeddings,
          inputs.labels,
        );
      expect(loss("all").value.dataSync()[0]).toBeCloseTo(expected.mean_over_all, 5);
      expect(loss("non_zero").value.dataSync()[0]).toBeCloseTo(expected.mean_over_non_zero, 5);
      const terms = [...loss("all").perExample.dataSync()];
      expect([terms.length, terms.filter((t) => t > 1e-6).length]).toEqual([
        expected.triplets,
        expected.non_zero,
      ]);
    });
  });

  it("NT-Xent matches its vectors, and its general form agrees", () => {
    for (const { inputs, expected } of vectors("4-finetuner/ntxent/"))
      tf.tidy(() => {
        const got = call(ofItems(ntXent(inputs)), inputs.embeddings, inputs.labels);
        expectFloat32Close(got.value.dataSync(), [expected.loss]);
        expectFloat32Close(got.perExample.dataSync(), expected.per_item);
        const general = call(ofItems(supervisedContrastive(inputs)), inputs.embeddings, inputs.labels);
        expectFloat32Close(general.value.dataSync(), [expected.loss]);
      });
    for (const labels of vector("4-finetuner/ntxent_invalid").inputs.labels)
      expect(() =>
        tf.tidy(
          () =>
            call(
              ofItems(ntXent({ exactlyTwo: true })),
              labels.map(() => [1, 0]),
              labels,
            ).value,
        ),
      ).toThrow("every label must occur exactly twice");
  });

  it("easy-positive losses match their vectors, triplets included", () => {
    for (const semiHard of [false, true]) {
      const name = semiHard ? "easy_positive_semi_hard_negative_loss" : "easy_positive_hard_negative_loss";
      const { inputs, expected } = vector(`4-finetuner/${name}`);
      tf.tidy(() => {
        const x = tf.tensor2d(inputs.embeddings) as tf.Tensor2D;
        const miner = easyPositiveMiner({ semiHard });
        const mined = miner(
          distanceMatrix(x, x, "cosine").dataSync() as Float32Array,
          labelsOf(inputs.labels),
        );
        const rows = [...mined.anchor].map((a, t) => [a, mined.positive[t], mined.negative[t]]);
        expect(rows).toEqual(expected.triplets);
        const got = call(easyPositive({ sigma: inputs.sigma }, miner), inputs.embeddings, inputs.labels);
        expectFloat32Close(got.value.dataSync(), [expected.loss]);
        expectFloat32Close(got.perExample.dataSync(), expected.terms);
      });
    }
  });

  it("the contrastive pair loss matches its vector", () => {
    const { inputs, expected } = vector("4-finetuner/contrastive_pair_loss");
    inputs.pairs.forEach(([a, b, similar]: [number[], number[], number], i: number) => {
      tf.tidy(() => {
        const loss = siamese({ margin: inputs.margin, distance: "euclidean", squared: true }, allPairs());
        const got = call(loss, [a, b], similar ? [0, 0] : [0, 1]).value.dataSync()[0]!;
        expect(Math.abs(got - expected.terms[i])).toBeLessThan(1e-6);
      });
    });
  });

  it("online selectors with the triplet loss match the vector's losses", () => {
    const { inputs, expected } = vector("4-finetuner/online_triplet_selectors");
    tf.tidy(() => {
      for (const kind of ["hardest", "all"] as const) {
        const options = { margin: inputs.margin, distance: "sqeuclidean" as const };
        const loss = minedTriplet(options, onlineTriplets({ kind, margin: inputs.margin }));
        expectFloat32Close(call(loss, inputs.embeddings, inputs.labels).value.dataSync(), [
          expected[`${kind}_loss`],
        ]);
      }
    });
  });

  it("ArcFace and CosFace match their vector", () => {
    const { inputs, expected } = vector("4-finetuner/arcface_cosface");
    for (const [name, want] of Object.entries(expected as Record<string, number>))
      tf.tidy(() => {
        const scale = Number(/scale(\d+)/.exec(name)![1]);
        const options = { classes: 3, dim: 2, scale, random: new Random(1) };
        const loss = weightedItemLoss(
          name.startsWith("arcface") ? arcFace(options) : cosFace(options),
          parts,
        );
        loss.weights!["class_weights"]!.assign(tf.tensor2d(inputs.class_weights));
        expectFloat32Close(call(loss, [inputs.embedding], [inputs.label]).value.dataSync(), [want]);
      });
  });

  it("have the slopes of finite differences of float64 references", () => {
    const labels = [0, 0, 1, 1, 0];
    const mined = allTriplets()(new Float32Array(0), labelsOf(labels));
    const triplets = [...mined.anchor].map((a, t) => [a, mined.positive[t]!, mined.negative[t]!] as const);
    expectSlopes(
      minedTriplet({ margin: 0.8 }, allTriplets()),
      (x) => {
        const c = referenceCosines(x, x);
        return mean(triplets.map(([a, p, n]) => Math.max(0, c[a]![n]! - c[a]![p]! + 0.8)));
      },
      labels,
    );
    expectSlopes(
      minedTriplet({ margin: 0.8, distance: "euclidean", average: "non_zero" }, allTriplets()),
      (x) => {
        const terms = triplets
          .map(([a, p, n]) => Math.sqrt(squared(x[a]!, x[p]!)) - Math.sqrt(squared(x[a]!, x[n]!)) + 0.8)
          .filter((v) => v > 0);
        return mean(terms);
      },
      labels,
    );
    expectSlopes(
      siamese({ margin: 2, distance: "sqeuclidean" }, allPairs()),
      (x) => {
        const { first, second, similar } = allPairs()(new Float32Array(0), labelsOf(labels));
        return mean(
          [...first].map((i, t) => {
            const d = squared(x[i]!, x[second[t]!]!);
            return similar[t] ? d : Math.max(0, 2 - d);
          }),
        );
      },
      labels,
    );
    expectSlopes(
      easyPositive({ sigma: 0.5 }, allTriplets()),
      (x) => {
        const c = referenceCosines(x, x);
        return mean(triplets.map(([a, p, n]) => Math.log1p(Math.exp((c[a]![n]! - c[a]![p]!) / 0.5))));
      },
      labels,
    );
    expectSlopes(
      ofItems(supervisedContrastive({ temperature: 0.5 })),
      (x) => {
        const c = referenceCosines(x, x);
        return mean(
          labels.map((label, i) => {
            const others = labels.map((_, j) => j).filter((j) => j !== i);
            const total = Math.log(others.reduce((sum, j) => sum + Math.exp(c[i]![j]! / 0.5), 0));
            return mean(others.filter((j) => labels[j] === label).map((j) => total - c[i]![j]! / 0.5));
          }),
        );
      },
      labels,
    );
  });

  it("ArcFace and CosFace have the slopes of finite differences, in the embeddings and in the class weights", () => {
    const labels = [0, 2, 1, 2];
    const margin = (28.6 * Math.PI) / 180;
    const pushed = (cosine: number) =>
      Math.acos(cosine) + margin <= Math.PI
        ? Math.cos(Math.acos(cosine) + margin)
        : cosine - margin * Math.sin(margin);
    for (const kind of ["arc", "cos"]) {
      const options = { classes: 3, dim: 3, scale: 4, random: new Random(2) };
      const loss = weightedItemLoss(kind === "arc" ? arcFace(options) : cosFace(options), parts);
      const weight = loss.weights!["class_weights"]!;
      const w = weight.arraySync() as Rows;
      const reference = (x: Rows, v: Rows) => {
        const c = referenceCosines(x, v);
        return mean(
          labels.map((label, i) => {
            const logits = c[i]!.map((value, k) => {
              if (k !== label) return 4 * value;
              return 4 * (kind === "arc" ? pushed(value) : value - 0.35);
            });
            return Math.log(logits.reduce((sum, l) => sum + Math.exp(l), 0)) - logits[label]!;
          }),
        );
      };
      expectSlopes(loss, (x) => reference(x, w), labels);
      tf.tidy(() => {
        const random = new Random(3);
        const x = labels.map(() => [random.normal(), random.normal(), random.normal()]);
        const { grads } = tf.variableGrads(() => call(loss, x, labels).value, [weight]);
        const numeric = w.map((row, k) =>
          row.map((_, d) => {
            const moved = (h: number) => w.map((r, i) => r.map((v, j) => (i === k && j === d ? v + h : v)));
            return (reference(x, moved(1e-5)) - reference(x, moved(-1e-5))) / 2e-5;
          }),
        );
        expectClose(grads[weight.name]!.arraySync(), numeric, 1e-4);
      });
    }
  });

  it("scored pairs and margins match their vectors", () => {
    tf.tidy(() => {
      const pair = vector("4-finetuner/cosine_similarity_loss");
      const got = cosineSimilarity()(
        tf.tensor2d(pair.inputs.a),
        tf.tensor2d(pair.inputs.b),
        Float32Array.from(pair.inputs.scores),
      );
      expectFloat32Close(got.value.dataSync(), [pair.expected.loss]);
      expectFloat32Close(
        got.perExample.dataSync(),
        pair.expected.cosines.map((c: number, i: number) => (c - pair.inputs.scores[i]) ** 2),
      );
      const { inputs, expected } = vector("4-finetuner/margin_mse_loss");
      // one-dimensional embeddings: query 1, so the dot product is the score itself
      const column = (values: number[]) => tf.tensor2d(values.map((v) => [v]));
      const margins = marginMse()(
        column([1, 1]),
        column(inputs.student_pos),
        column(inputs.student_neg),
        Float32Array.from(inputs.teacher_margin),
      );
      expectFloat32Close(margins.value.dataSync(), [expected.loss]);
    });
  });
});

describe("labelled losses refuse", () => {
  beforeAll(async () => void (await selectBackend("cpu")));

  it("margins, scales and labels out of range, and batches without tuples", () => {
    expect(() => minedTriplet({ margin: 0 }, allTriplets())).toThrow("triplet: margin must be > 0, got 0");
    expect(() => siamese({ margin: -1 }, allPairs())).toThrow("siamese: margin must be > 0, got -1");
    expect(() => arcFace({ classes: 1, dim: 2, random: new Random(1) })).toThrow(
      "classes must be an integer ≥ 2, got 1",
    );
    expect(() => arcFace({ classes: 2, dim: 2, random: new Random(1), marginDegrees: 100 })).toThrow(
      "got 100",
    );
    const loss = weightedItemLoss(cosFace({ classes: 2, dim: 2, random: new Random(1) }), parts);
    expect(() => tf.tidy(() => call(loss, [[1, 0]], [2]).value)).toThrow("labels must be in [0, 2), got 2");
    expect(() =>
      tf.tidy(
        () =>
          call(
            minedTriplet({}, allTriplets()),
            [
              [1, 0],
              [0, 1],
            ],
            [3, 3],
          ).value,
      ),
    ).toThrow(NoTuplesError);
    expect(() => tf.tidy(() => call(siamese({}, allPairs()), [[1, 0]], [3]).value)).toThrow(
      "the miner must find a pair in a batch of 1, got none",
    );
  });

  it("nothing when a label stands alone: it has no share", () => {
    tf.tidy(() => {
      const x = [
        [1, 0],
        [0.8, 0.6],
        [0, 1],
      ];
      const loss = ofItems(itemCircle());
      const got = call(ofItems(supervisedContrastive({ temperature: 1 })), x, [0, 0, 1]);
      expect(got.perExample.dataSync()[2]).toBe(0);
      expect(call(loss, x, [0, 0, 1]).perExample.shape).toEqual([3]);
    });
  });
});
