import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { createItemLoss } from "../../lib/losses/create-item-loss.js";
import { createLoss } from "../../lib/losses/create-loss.js";

beforeAll(async () => void (await selectBackend("wasm")));

const random = new Random(4);
const rows = (count: number) =>
  Array.from({ length: count }, () => [random.normal(), random.normal(), random.normal()]);
const [queries, documents] = [rows(5), rows(5)];
const ofPairs = (spec: { kind: string; [option: string]: unknown }) =>
  tf.tidy(() => createLoss(spec)(tf.tensor2d(queries), tf.tensor2d(documents)).value.dataSync()[0]!);
const ofItems = (spec: { kind: string; [option: string]: unknown }, labels: number[], unit = false) =>
  tf.tidy(() => {
    const parts = { miner: null, session: false, classes: 5, dim: 3, random: new Random(2) };
    const loss = createItemLoss(spec, parts);
    const vectors = loss.weights?.class_weights;
    if (unit && vectors) vectors.assign(tf.div(vectors, tf.norm(vectors, 2, 1, true)));
    const items = tf.tensor2d([...queries, ...documents]);
    return loss(items, { labels: Int32Array.from(labels) }).value.dataSync()[0]!;
  });

describe("what docs/losses.md says to be one function", () => {
  it("softmaxes of one positive", () => {
    const wanted = ofPairs({ kind: "batch_softmax", temperature: 0.3 });
    for (const kind of ["softmax", "list_net"])
      expect(ofPairs({ kind, temperature: 0.3 })).toBeCloseTo(wanted, 5);
    expect(ofPairs({ kind: "n_pairs" })).toBeCloseTo(ofPairs({ kind: "batch_softmax", temperature: 1 }), 5);
  });

  it("triplet margins on cosine distance over all terms", () => {
    const wanted = ofPairs({ kind: "triplet", margin: 0.3, numNegatives: 4 });
    for (const kind of ["triplet_margin", "pairwise_hinge"])
      expect(ofPairs({ kind, margin: 0.3 })).toBeCloseTo(wanted, 5);
  });

  it("nt_xent and sup_con with two items a label, and with more no longer", () => {
    const value = (kind: string, labels: number[]) => ofItems({ kind, temperature: 0.2 }, labels);
    const two = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
    expect(value("nt_xent", two)).toBeCloseTo(value("sup_con", two), 4);
    const more = [0, 0, 0, 1, 1, 1, 1, 0, 2, 2];
    expect(Math.abs(value("nt_xent", more) - value("sup_con", more))).toBeGreaterThan(0.1);
  });

  it("large-margin softmax with unit class vectors, and SphereFace", () => {
    const labels = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
    const value = (kind: string) => ofItems({ kind, margin: 3 }, labels, true);
    expect(value("large_margin_softmax")).toBeCloseTo(value("sphere_face"), 5);
  });
});
