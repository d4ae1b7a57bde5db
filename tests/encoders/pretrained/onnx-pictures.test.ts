import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { decodeDefaults } from "../../../lib/datasets/images/decode-picture.js";
import { OnnxExtractor } from "../../../lib/encoders/image/onnx-extractor.js";
import { OnnxPictures } from "../../../lib/encoders/pretrained/onnx-pictures.js";
import { OnnxGraph } from "../../../lib/files/onnx/onnx-graph.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-onnx-pictures-"));
const cacheDir = path.join(folder, "cache");
for (const [name, colour] of [
  ["red", "#ff0000"],
  ["blue", "#0000ff"],
])
  fs.writeFileSync(
    path.join(folder, `${name}.svg`),
    `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="${colour}"/></svg>`,
  );

function model(factor: number): string {
  const graph = new OnnxGraph("times");
  graph.input("pixels", "float", ["batch", 3, 4, 4]);
  graph.node("Mul", ["pixels", graph.scalar(factor)], {}, "map");
  graph.output("map", "float", ["batch", 3, 4, 4]);
  const file = path.join(folder, "times.onnx");
  fs.writeFileSync(file, graph.toBytes());
  return file;
}

async function vectorsOf(file: string, cells: string[], mean = 0) {
  const run = vi.spyOn(OnnxExtractor.prototype, "extract");
  const pictures = OnnxPictures.open(
    {
      ...{ name: "picture", path: file, dim: 3, cacheDir, size: 4, layout: "nchw", output: null },
      ...{ mean: [mean, mean, mean], std: [1, 1, 1] },
    },
    { ...decodeDefaults, folders: [folder], downloads: null, cacheDir: null, onError: "fail" },
  );
  await pictures.load(cells, {});
  const embedded = run.mock.calls.reduce((sum, [, count]) => sum + count, 0);
  run.mockRestore();
  return { embedded, vectors: cells.map((cell) => [...pictures.get(cell)!]) };
}

describe("vectors of pictures by a frozen ONNX model", () => {
  it("are taken from the cache by another run, and embedded again for another model or normalisation", async () => {
    expect(await vectorsOf(model(2), ["red.svg"])).toEqual({ embedded: 1, vectors: [[2, 0, 0]] });
    expect(await vectorsOf(model(2), ["blue.svg", "red.svg"])).toEqual({
      embedded: 1,
      vectors: [
        [0, 0, 2],
        [2, 0, 0],
      ],
    });
    expect(await vectorsOf(model(2), ["red.svg", "blue.svg"])).toMatchObject({ embedded: 0 });
    expect(await vectorsOf(model(3), ["red.svg"])).toEqual({ embedded: 1, vectors: [[3, 0, 0]] });
    expect(await vectorsOf(model(3), ["red.svg"], 0.5)).toEqual({
      embedded: 1,
      vectors: [[1.5, -1.5, -1.5]],
    });
  });
});
