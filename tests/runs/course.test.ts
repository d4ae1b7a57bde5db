import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { Encoder } from "../../lib/encoders/encoder.js";
import { parametersOf, setParameters } from "../../lib/encoders/parameters.js";
import { selectBackend } from "../../lib/engine/backend.js";
import { valueAndGradients } from "../../lib/engine/ops/gradients.js";
import { Random } from "../../lib/engine/random/random.js";
import { stepsPerEpoch } from "../../lib/experiment/pairs.js";
import { batchSoftmax } from "../../lib/losses/batch-softmax.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import { exactSearch } from "../../lib/retrieval/indexes/exact-search.js";
import { expectClose, vector } from "../support/vectors.js";

const course = (name: string) => vector(`2-dense-retrieval-course/${name}`);

beforeAll(async () => void (await selectBackend("wasm")));

describe("the course's counts and levels", () => {
  it("counts batches, steps and warm-up steps (vector step_counts)", () => {
    const { inputs, expected } = course("step_counts");
    const { train, valid, batch_size, epochs, drop_last } = inputs;
    const batches = stepsPerEpoch(train, batch_size, drop_last);
    expect(batches).toBe(expected.train_batches);
    expect(stepsPerEpoch(valid, batch_size, drop_last)).toBe(expected.valid_batches);
    expect(batches * batch_size).toBe(expected.examples_per_epoch);
    expect(batches * epochs).toBe(expected.total_steps);
    expect(Math.floor(0.1 * batches * epochs)).toBe(expected.warmup_steps);
  });

  it("a model that scores everything alike has loss ln B (vector random_init_loss_level)", () => {
    const { inputs, expected, tolerance } = course("random_init_loss_level");
    expectClose(inputs.batch_sizes.map(Math.log), expected, tolerance);
  });
});

describe("best weights", () => {
  it("are copies: training on does not change them, putting them back does what it says (vector best_checkpoint_by_reference)", () => {
    const { inputs, expected } = course("best_checkpoint_by_reference");
    const weight = tf.variable(tf.tensor1d([0]));
    const encoder = { kind: "one number", weights: { weight }, tables: {} } as never;
    let best = { loss: Infinity, weights: parametersOf(encoder) };
    inputs.parameter_values_after_epoch.forEach((value: number, epoch: number) => {
      weight.assign(tf.tensor1d([value]));
      const loss = inputs.validation_losses[epoch];
      if (loss < best.loss) best = { loss, weights: parametersOf(encoder) };
    });
    expect(weight.dataSync()[0]).toBe(expected.published_restored_value);
    setParameters(encoder, best.weights);
    expect(weight.dataSync()[0]).toBe(expected.correct_restored_value);
    weight.dispose();
  });
});

describe("gradients of a step", () => {
  /** Weights after three steps; what happens before each forward pass, and between it and the update, is up to the caller. */
  const weightsAfter = (
    disturb: (encoder: Encoder, loss: () => tf.Scalar, step: number) => void,
    zeroFirst: boolean,
  ): number[] => {
    const text = (ids: number[]) => ({
      size: 3,
      columns: { t: { kind: "text" as const, ids: Int32Array.from(ids), length: 2 } },
    });
    const [queries, documents] = [text([1, 2, 3, 0, 4, 5]), text([2, 6, 7, 3, 4, 0])];
    const encoder = createEncoder(
      {
        kind: "TwoTower",
        textEmbedding: { numEmbeddings: 8, embeddingDim: 4 },
        outputDim: 4,
        queryTextFeature: "t",
        documentTextFeature: "t",
        hiddenLayers: [],
      },
      new Random(1),
    );
    const optimizer = createOptimizer({ kind: "adam", learningRate: 0.05 });
    const loss = () =>
      batchSoftmax({ temperature: 0.1 })(encoder.embedQueries(queries), encoder.embedDocuments(documents))
        .value;
    for (let step = 0; step < 3; step++) {
      if (zeroFirst) encoder.tables["text"]!.clearGradients();
      disturb(encoder, loss, step);
      const { value, gradients } = valueAndGradients(loss, encoder);
      optimizer.applyStep(encoder, gradients);
      tf.dispose([value, gradients]);
    }
    const all = Object.values(parametersOf(encoder)).flatMap(({ data }) => Array.from(data));
    encoder.dispose();
    return all;
  };

  it("are its own: zeroed at the start or not at all by the caller, and whatever was differentiated before (quirk 1)", () => {
    const plain = weightsAfter(() => {}, false);
    expect(weightsAfter(() => {}, true)).toEqual(plain);
    // a backward pass without an update, as a gradient check or an evaluation with gradients makes it
    const disturbed = weightsAfter((encoder, loss) => {
      const { value, gradients } = valueAndGradients(loss, encoder);
      tf.dispose([value, gradients]);
    }, false);
    expect(disturbed).toEqual(plain);
  });
});

describe("distances of unit vectors", () => {
  it("put the nearest first, in the order of dot products (vector l2_index_sorting_bug)", () => {
    const { inputs, expected } = course("l2_index_sorting_bug");
    const documents = Float32Array.from(inputs.corpus.flat());
    const queries = Float32Array.from(inputs.query);
    const search = (k: number, metric: "euclidean" | "dot") =>
      exactSearch({ documents, dim: 2, queries, k, metric });
    const names = (ids: Int32Array) => Array.from(ids, (id) => inputs.ids[id]);
    const nearest = search(inputs.k, "euclidean");
    expect(names(nearest.ids)).toEqual(expected.correct_order_ascending);
    expect(names(nearest.ids).reverse()).toEqual(expected.published_order_after_descending_sort_of_top_3);
    expect(names(search(inputs.k, "dot").ids)).toEqual(expected.correct_order_ascending);
    const all = search(5, "euclidean");
    for (const [rank, id] of all.ids.entries())
      expectClose(all.scores[rank]! ** 2, expected.l2_squared[id], 1e-5); // float32
  });
});
