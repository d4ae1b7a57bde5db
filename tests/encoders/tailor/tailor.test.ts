import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import type { EncoderSpec } from "../../../lib/encoders/encoder.js";
import { OnnxExtractor } from "../../../lib/encoders/image/onnx-extractor.js";
import { exportEncoder } from "../../../lib/encoders/onnx/export-encoder.js";
import { OnnxEncoder } from "../../../lib/encoders/onnx/onnx-encoder.js";
import { onnxLayers } from "../../../lib/encoders/onnx/onnx-layers.js";
import { parametersOf } from "../../../lib/encoders/parameters.js";
import { cutLayers } from "../../../lib/encoders/tailor/cut-spec.js";
import { encoderLayers } from "../../../lib/encoders/tailor/encoder-layers.js";
import { headPlan, ProjectionHead } from "../../../lib/encoders/tailor/projection-head.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { OnnxGraph } from "../../../lib/files/onnx/onnx-graph.js";
import { fit } from "../../../lib/training/fit/fit.js";
import { expectClose, vector } from "../../support/vectors.js";
import { classData, spec as simple } from "../../training/fit/toy.js";
import { finiteDifferences } from "./finite-differences.js";

const towers: EncoderSpec = { ...simple, kind: "TwoTower", hiddenLayers: [12, 10], outputDim: 6 };
const common = {
  trainData: classData(),
  loss: "triplet",
  learningRate: 0.05,
  epochs: 2,
  batchSize: 20,
  progress: null,
};

beforeAll(async () => void (await selectBackend("wasm")));

describe("a projection head", () => {
  it("has the layers published (vector projection_head)", () => {
    const { inputs, expected } = vector("4-finetuner/projection_head");
    const plans = inputs.num_layers.map((layers: number) =>
      headPlan(inputs.in_features, inputs.output_dim, layers).map((step) =>
        step[0] === "linear" ? [...step, "no bias"] : step[0] === "batch_norm" ? [...step, "eps 1e-5"] : step,
      ),
    );
    expect(plans).toEqual(expected);
  });

  it("normalises a batch by its own mean and biased variance, and single rows by the running ones", () => {
    const head = new ProjectionHead(3, 2, 1, new Random(1));
    const rows = [1, 2, 3, -1, 0, 2, 4, 1, 1, 0, 0, 5];
    const x = tf.tensor2d(rows, [4, 3]);
    const weight = Array.from(head.weights["head.0.weight"]!.dataSync());
    const y = [0, 1, 2, 3].map((b) =>
      [0, 1].map((o) => [0, 1, 2].reduce((s, i) => s + rows[b * 3 + i]! * weight[i * 2 + o]!, 0)),
    );
    const stats = [0, 1].map((o) => {
      const mean = y.reduce((s, row) => s + row[o]!, 0) / 4;
      return { mean, variance: y.reduce((s, row) => s + (row[o]! - mean) ** 2, 0) / 4 };
    });
    const expected = y.map((row) =>
      row.map((v, o) => (v - stats[o]!.mean) / Math.sqrt(stats[o]!.variance + 1e-5)),
    );
    expectClose(head.apply(x, true).arraySync(), expected, 1e-4);
    // a tenth of the way from 0 and 1; the unbiased variance, as torch has it
    expectClose(
      Array.from(head.weights["head.0.mean"]!.dataSync()),
      stats.map(({ mean }) => 0.1 * mean),
      1e-5,
    );
    expectClose(
      Array.from(head.weights["head.0.variance"]!.dataSync()),
      stats.map(({ variance }) => 0.9 + (0.1 * variance * 4) / 3),
      1e-4,
    );
    const alone = head.apply(tf.slice(x, [0, 0], [1, 3]) as tf.Tensor2D, false).arraySync();
    expectClose(head.apply(x, false).arraySync()[0], alone[0], 1e-6);
  });

  it("has the gradient that finite differences give", () => {
    const head = new ProjectionHead(3, 2, 2, new Random(4));
    const x = tf.tensor2d([1, 2, 3, -1, 0, 2, 4, 1, 1, 0, 0, 5, 2, 2, -1], [5, 3]);
    const factors = tf.tensor2d([1, -2, 0.5, 3, -1, 1, 2, 0, 1, 1], [5, 2]);
    const loss = () => tf.sum(tf.mul(head.apply(x, true), factors)) as tf.Scalar;
    for (const name of ["head.0.weight", "head.1.weight", "head.0.scale"]) {
      const { grads } = tf.variableGrads(loss, [head.weights[name]!]);
      const found = Array.from(Object.values(grads)[0]!.dataSync());
      expectClose(
        found,
        finiteDifferences(head.weights[name]!, () => loss().dataSync()[0]!),
        0.02,
      );
    }
  });
});

describe("freezing", () => {
  const bytes = (encoder: Parameters<typeof parametersOf>[0]) =>
    Object.fromEntries(
      Object.entries(parametersOf(encoder)).map(([name, { data }]) => [
        name,
        Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).toString("hex"),
      ]),
    );

  it("leaves all but the last layer as they were, byte for byte", async () => {
    const before = bytes(createEncoder(simple, new Random(0).fork("encoder")));
    const { encoder } = await fit({ ...common, model: simple, freeze: true });
    const after = bytes(encoder);
    const moved = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(moved).toEqual(["weights/tower.1.weight", "weights/tower.1.bias"]);
  });

  it("leaves named layers, or everything under a head, which learns", async () => {
    const named = await fit({ ...common, model: towers, freeze: ["text", "document.0"] });
    const start = bytes(createEncoder(towers, new Random(0).fork("encoder")));
    const after = bytes(named.encoder);
    // labelled items are embedded by the document tower alone
    const still = Object.keys(after).filter((name) => after[name] === start[name] && !name.includes("query"));
    expect(still).toEqual(["tables/text", "weights/document.0.weight", "weights/document.0.bias"]);
    const { encoder, history } = await fit({
      ...common,
      epochs: 4,
      model: simple,
      freeze: true,
      projectionHead: { numLayers: 2, outputDim: 5 },
    });
    const under = bytes(encoder);
    const first = bytes(createEncoder(simple, new Random(0).fork("encoder")));
    for (const [name, value] of Object.entries(first)) expect(under[name]).toBe(value);
    expect(encoder.outputDim).toBe(5);
    expect(history[3]!.trainLoss).toBeLessThan(history[0]!.trainLoss);
  });

  it("names the layers there are where a name is none", async () => {
    await expect(fit({ ...common, model: towers, freeze: ["documnt.0"] })).rejects.toThrow(
      'got "documnt.0"; did you mean document.0?',
    );
    await expect(fit({ ...common, model: simple, projectionHead: true, chunkSize: 4 })).rejects.toThrow(
      "chunkSize must be left out with a projection head",
    );
  });
});

describe("layers", () => {
  it("are listed with shape, parameters and whether they train and embed", () => {
    const encoder = createEncoder(
      { ...towers, tailor: { layer: null, freeze: ["text"], head: { numLayers: 1, outputDim: 4 } } },
      new Random(1),
    );
    const listed = encoderLayers(encoder, towers);
    expect(
      listed.map(({ name, outputShape, parameters, trainable }) => [
        name,
        outputShape,
        parameters,
        trainable,
      ]),
    ).toEqual([
      ["text", [8], 3200, false],
      ["bag", [8], 0, true],
      ...["query", "document"].flatMap((side) => [
        [`${side}.0`, [12], 8 * 12 + 12, true],
        [`${side}.1`, [10], 12 * 10 + 10, true],
        [`${side}.2`, [6], 10 * 6 + 6, true],
      ]),
      ["head.0", [4], 6 * 4 + 4 * 4, true],
    ]);
    const usable = listed.filter(({ embedding }) => embedding).map(({ name }) => name);
    expect(usable.sort()).toEqual([...cutLayers(towers), "head.0"].sort());
    expect(listed.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(encoder.parameterCount);
  });

  it("are cut after one, whose outputs are then the embeddings", () => {
    const whole = createEncoder(towers, new Random(1));
    const cut = createEncoder(
      { ...towers, tailor: { layer: "document.0", freeze: false, head: null } },
      new Random(1),
    );
    expect(cut.outputDim).toBe(12);
    const { items } = classData() as Extract<ReturnType<typeof classData>, { kind: "class" }>;
    const hidden = tf.add(
      tf.matMul(cut.embedDocuments(items), whole.weights["document.1.weight"] as tf.Tensor2D),
      whole.weights["document.1.bias"]!,
    );
    const last = tf.add(
      tf.matMul(tf.relu(hidden) as tf.Tensor2D, whole.weights["document.2.weight"] as tf.Tensor2D),
      whole.weights["document.2.bias"]!,
    );
    expectClose(last.arraySync(), whole.embedDocuments(items).arraySync(), 1e-5);
    expect(() =>
      createEncoder({ ...towers, tailor: { layer: "text", freeze: false, head: null } }, new Random(1)),
    ).toThrow(
      'tailor: layer must be one that embeddings can be taken from (bag, query.0, document.0, query.1, document.1), got "text"',
    );
  });

  it("of a head are exported beside the encoder's", async () => {
    const { encoder } = await fit({
      ...common,
      model: towers,
      projectionHead: { numLayers: 2, outputDim: 5 },
    });
    const { items } = classData() as Extract<ReturnType<typeof classData>, { kind: "class" }>;
    const exported = await OnnxEncoder.open(exportEncoder(encoder, towers, "document"));
    encoder.training = false;
    expectClose(
      Array.from(await exported.encodeAll(items)),
      Array.from(encoder.embedDocuments(items).dataSync()),
      1e-4,
    );
    await exported.dispose();
  });
});

describe("an ONNX classifier", () => {
  /** Pixels → doubled map → mean over positions → two classes. */
  const classifier = (): Uint8Array => {
    const graph = new OnnxGraph("classifier");
    graph.input("pixels", "float", ["batch", 3, 4, 4]);
    const map = graph.node("Relu", [graph.node("Mul", ["pixels", graph.scalar(2)])], {}, "map");
    const pooled = graph.node("ReduceMean", [map], { axes: [2, 3], keepdims: 0 }, "pooled");
    graph.node(
      "MatMul",
      [pooled, graph.constant("classes", Float32Array.of(1, 0, 0, 1, 1, 1), [3, 2])],
      {},
      "logits",
    );
    graph.output("logits", "float", ["batch", 2]);
    return graph.toBytes();
  };
  const options = { size: 4, mean: [0, 0, 0], std: [1, 1, 1], layout: "nchw" } as const;

  it("has its layers listed and is cut after any of them, positions averaged or by generalised mean", async () => {
    const layers = await onnxLayers(classifier(), "model.onnx", options);
    expect(
      layers.map(({ name, outputShape, parameters, trainable, embedding }) => [
        name,
        outputShape,
        parameters,
        trainable,
        embedding,
      ]),
    ).toEqual([
      ["map", [3, 4, 4], 0, false, true],
      ["pooled", [3], 0, false, true],
      ["logits", [2], 6, false, true],
    ]);
    const pixels = new Uint8Array(48).fill(255);
    pixels[0] = 0;
    const read = async (more: object) => {
      const extractor = await OnnxExtractor.open(classifier(), "model.onnx", {
        ...options,
        output: null,
        ...more,
      });
      return Array.from((await extractor.extract(pixels, 1)).features);
    };
    expectClose(await read({}), [1.875 + 2, 4], 1e-5);
    expectClose(await read({ output: "pooled" }), [1.875, 2, 2], 1e-5);
    expectClose(
      await read({ output: "map", pooling: "gem", gem: { p: 2, eps: 1e-6 } }),
      [Math.sqrt((15 * 4) / 16), 2, 2],
      1e-5,
    );
  });
});
