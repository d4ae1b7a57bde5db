import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import sharp from "sharp";
import { beforeAll, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { OnnxGraph } from "../../../lib/files/onnx/onnx-graph.js";
import { modelLayers } from "../../../lib/runs/model-layers.js";
import { fit } from "../../../lib/training/fit/fit.js";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-fit-onnx-"));
const model = path.join(dir, "classifier.onnx");

beforeAll(async () => {
  await selectBackend("wasm");
  const graph = new OnnxGraph("classifier");
  graph.input("pixels", "float", ["batch", 3, 8, 8]);
  const pooled = graph.node("ReduceMean", ["pixels"], { axes: [2, 3], keepdims: 0 }, "pooled");
  graph.node(
    "MatMul",
    [pooled, graph.constant("classes", new Float32Array(6).fill(0.5), [3, 2])],
    {},
    "logits",
  );
  graph.output("logits", "float", ["batch", 2]);
  fs.writeFileSync(model, graph.toBytes());
});

it("an ONNX classifier, cut under its classes, is a frozen extractor whose features a trained layer embeds", async () => {
  const rows: string[] = [];
  for (let i = 0; i < 24; i++) {
    const background = { r: 100 * (i % 3), g: 60, b: 250 - 100 * (i % 3) };
    await sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toFile(path.join(dir, `${i}.png`));
    rows.push(`${i}.png,c${i % 3}`);
  }
  const trainData = path.join(dir, "pictures.csv");
  fs.writeFileSync(trainData, rows.join("\n"));
  expect((await modelLayers(model, { size: 8 })).map(({ name }) => name)).toEqual(["pooled", "logits"]);
  const options = {
    ...{ model, trainData, csvOptions: { isLabeled: true }, modelOptions: { pictureSize: 8 } },
    ...{ loss: "triplet", valSplit: 0.25, epochs: 2, batchSize: 9, learningRate: 0.01, progress: null },
  };
  const cut = await fit({ ...options, layerName: "pooled" });
  const width = (name: string, { encoder }: Awaited<ReturnType<typeof fit>>) =>
    Object.entries(encoder.weights).find(([key]) => key.includes("picture.0.weight"))![1].shape[0] + name;
  expect(width("", cut)).toBe("3");
  expect(width("", await fit(options))).toBe("2");
  // three colours, three classes: the cut features tell them apart, the two equal logits cannot do better
  expect(cut.report!.find(({ measure }) => measure === "reciprocal_rank")!.after).toBe(1);
  await expect(fit({ ...options, layerName: "pool" })).rejects.toThrow(
    'output must be one of logits, got "pool"',
  );
});
