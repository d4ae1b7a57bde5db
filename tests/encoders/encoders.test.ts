import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import type { EncoderSpec } from "../../lib/encoders/encoder.js";
import { mlpPlan } from "../../lib/encoders/mlp.js";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import { Random } from "../../lib/engine/random/random.js";
import { expectFloat32Close, vector } from "../support/vectors.js";
import { exampleBatch, exampleSpec, textEncoderKinds } from "./example-encoder.js";

const transpose = (rows: number[][]) => rows[0]!.map((_, k) => rows.map((row) => row[k]!));

describe("mlpPlan", () => {
  it("matches the published plans", () => {
    const { inputs, expected } = vector("0-qdrl/mlp_plan");
    expect(inputs.cases.map((c: [number, number[], number, boolean]) => mlpPlan(...c))).toEqual(expected);
  });
});

describe.each<BackendName>(["cpu", "wasm"])("encoders on %s", (backend) => {
  beforeAll(async () => void (await selectBackend(backend)));

  it("compute the published TwoTower forward pass, with and without last linear", () => {
    const { inputs, expected } = vector("0-qdrl/tower_forward");
    for (const lastLinear of [true, false]) {
      const encoder = createEncoder(
        {
          kind: "TwoTower",
          textEmbedding: { numEmbeddings: 4, embeddingDim: 2 },
          hiddenLayers: [3],
          lastLinear,
          outputDim: lastLinear ? 2 : 3,
          queryTextFeature: "q",
          documentTextFeature: "d",
        },
        new Random(1),
      );
      encoder.tables.text!.setWeights(inputs.table.flat());
      for (const side of ["query", "document"]) {
        encoder.weights[`${side}.0.weight`]!.assign(tf.tensor2d(transpose(inputs.W1)));
        encoder.weights[`${side}.0.bias`]!.assign(tf.tensor1d(inputs.b1));
        if (!lastLinear) continue;
        encoder.weights[`${side}.1.weight`]!.assign(tf.tensor2d(transpose(inputs.W2)));
        encoder.weights[`${side}.1.bias`]!.assign(tf.tensor1d(inputs.b2));
      }
      const column = { kind: "text" as const, ids: Int32Array.from(inputs.ids), length: 3 };
      const batch = { size: 1, columns: { q: column, d: column } };
      const want = lastLinear ? expected.last_linear_true : expected.last_linear_false;
      expectFloat32Close(encoder.embedQueries(batch).dataSync(), want);
      expectFloat32Close(encoder.embedDocuments(batch).dataSync(), want);
    }
  });

  it("compute the published multi-modal document side: token mean, then category row", () => {
    const { inputs, expected } = vector("0-qdrl/multimodal_document_forward");
    const encoder = createEncoder(
      {
        kind: "MultiModalTwoTower",
        textEmbedding: { numEmbeddings: 4, embeddingDim: 2 },
        categoryFeature: { numEmbeddings: 3, embeddingDim: 2 },
        documentCategoricalFeature: "c",
        hiddenLayers: inputs.hidden_layers,
        lastLinear: inputs.last_linear,
        outputDim: 2,
        queryTextFeature: "q",
        documentTextFeature: "d",
      },
      new Random(1),
    );
    encoder.tables.text!.setWeights(inputs.table.flat());
    encoder.tables.category!.setWeights(inputs.category_table.flat());
    const batch = {
      size: 1,
      columns: {
        d: { kind: "text" as const, ids: Int32Array.from(inputs.ids), length: 3 },
        c: { kind: "categorical" as const, ids: Int32Array.of(inputs.category_id) },
      },
    };
    encoder.weights["document.0.weight"]!.assign(
      tf.tensor2d([
        [1, 0],
        [0, 1],
        [0, 0],
        [0, 0],
      ]),
    );
    encoder.weights["document.0.bias"]!.assign(tf.zeros([2]));
    expectFloat32Close(encoder.embedDocuments(batch).dataSync(), expected.concat.slice(0, 2));
    encoder.weights["document.0.weight"]!.assign(tf.tensor2d(transpose(inputs.W)));
    expectFloat32Close(encoder.embedDocuments(batch).dataSync(), expected.output);
  });

  it("start with linear layers uniform in ±1/√fan_in, equal for equal seeds", () => {
    const spec: EncoderSpec = { ...exampleSpec("TwoTower"), hiddenLayers: [400], outputDim: 50 };
    const encoder = createEncoder(spec, new Random(1));
    const values = encoder.weights["query.1.weight"]!.dataSync() as Float32Array;
    const bound = 1 / Math.sqrt(400);
    expect(Math.max(...values)).toBeLessThanOrEqual(bound);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-bound);
    // 20,000 draws: standard error of the variance bound²/3 is 0.6 %; 4 % allowed
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(0.04);
    const again = createEncoder(spec, new Random(1));
    for (const name of Object.keys(encoder.weights))
      expect(again.weights[name]!.dataSync()).toEqual(encoder.weights[name]!.dataSync());
    expect(encoder.weights["document.1.weight"]!.dataSync()).not.toEqual(values);
  });

  it("encodeAll gives what one pass gives, in batches, without touching the training flag", () => {
    for (const kind of textEncoderKinds) {
      const encoder = createEncoder(exampleSpec(kind), new Random(2));
      const batch = exampleBatch(7);
      encoder.training = true;
      const whole = encodeAll(encoder, batch, "document");
      const parts = encodeAll(encoder, batch, "document", { batchSize: 3 });
      expect(encoder.training).toBe(true);
      expectFloat32Close(parts, whole);
      encoder.training = false;
      expectFloat32Close(encoder.embedDocuments(batch).dataSync(), whole);
      expectFloat32Close(encodeAll(encoder, batch, "query"), encoder.embedQueries(batch).dataSync());
      encoder.dispose();
    }
  });

  it("regularises only while training, from a generator whose state can be carried over", () => {
    const encoder = createEncoder({ ...exampleSpec("RegularizedSimpleTextEncoder") }, new Random(2));
    const batch = exampleBatch(5);
    const plain = encoder.embedQueries(batch).dataSync();
    encoder.training = true;
    const state = encoder.randomState()!;
    const first = encoder.embedQueries(batch).dataSync();
    const second = encoder.embedQueries(batch).dataSync();
    expect(first).not.toEqual(plain);
    expect(second).not.toEqual(first);
    encoder.setRandomState(state);
    expect(encoder.embedQueries(batch).dataSync()).toEqual(first);
    encoder.training = false;
    expect(encoder.embedQueries(batch).dataSync()).toEqual(plain);
    expect(createEncoder(exampleSpec("TwoTower"), new Random(1)).randomState()).toBe(null);
  });

  it("dispose frees every tensor", () => {
    const before = tf.memory().numTensors;
    for (const kind of textEncoderKinds) createEncoder(exampleSpec(kind), new Random(2)).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("createEncoder", () => {
  it("counts parameters as published", () => {
    const { inputs, expected } = vector("0-qdrl/parameter_counts");
    // the count is a sum of products, so a table 1/1000 as high leaves the dense part unchanged
    const spec: EncoderSpec = {
      kind: "TwoTower",
      textEmbedding: { numEmbeddings: inputs.vocabulary_rows / 1000, embeddingDim: inputs.text_dim },
      categoryFeature: { numEmbeddings: inputs.category_rows / 1000, embeddingDim: inputs.category_dim },
      documentCategoricalFeature: "c",
      hiddenLayers: inputs.hidden,
      lastLinear: inputs.last_linear,
      outputDim: inputs.output,
      queryTextFeature: "q",
      documentTextFeature: "d",
    };
    const text = (inputs.vocabulary_rows * inputs.text_dim * 999) / 1000;
    const category = (inputs.category_rows * inputs.category_dim * 999) / 1000;
    expect(createEncoder(spec, new Random(1)).parameterCount + text).toBe(expected.TwoTower);
    const multiModal = createEncoder({ ...spec, kind: "MultiModalTwoTower" }, new Random(1));
    expect(multiModal.parameterCount + text + category).toBe(expected.MultiModalTwoTower);
  });

  it("names the known kinds when asked for another", () => {
    expect(() => createEncoder({ ...exampleSpec("Lstm") }, new Random(1))).toThrow(
      'unknown encoder "Lstm"; known: LinearEncoder, SimpleTextEncoder, RegularizedSimpleTextEncoder, TwoTower, MultiModalTwoTower',
    );
  });

  it("refuses sizes and features that do not fit together", () => {
    expect(() =>
      createEncoder({ ...exampleSpec("TwoTower"), lastLinear: false, outputDim: 99 }, new Random(1)),
    ).toThrow("outputDim must equal the width of the last layer");
    const { categoryFeature: _, ...withoutCategory } = exampleSpec("MultiModalTwoTower");
    expect(() => createEncoder(withoutCategory, new Random(1))).toThrow("categoryFeature must be given");
    const encoder = createEncoder(exampleSpec("TwoTower"), new Random(1));
    expect(() => encoder.embedQueries({ size: 1, columns: {} })).toThrow(
      'must have feature "query", got none',
    );
    const wrong = { size: 1, columns: { query: { kind: "categorical" as const, ids: Int32Array.of(1) } } };
    expect(() => encoder.embedQueries(wrong)).toThrow('feature "query" must be text, got categorical');
  });
});
