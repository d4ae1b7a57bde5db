import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readVectorFile } from "../../lib/datasets/arrays/vector-file.js";
import { decodeDefaults } from "../../lib/datasets/images/decode-picture.js";
import { type ExtractOptions, extractPictures } from "../../lib/encoders/extract-pictures.js";
import { OnnxGraph } from "../../lib/files/onnx/onnx-graph.js";
import { expectFloat32Close } from "../support/vectors.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-extract-"));
const square = (colour: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="${colour}"/></svg>`;
fs.writeFileSync(path.join(folder, "red.svg"), square("#ff0000"));
fs.writeFileSync(path.join(folder, "blue.svg"), square("#0000ff"));

/** A model whose features are twice the normalised pixels, as a map [B, 3, 4, 4]. */
function model(name: string): string {
  const graph = new OnnxGraph("twice");
  graph.input("pixels", "float", ["batch", 3, 4, 4]);
  graph.node("Mul", ["pixels", graph.scalar(2)], {}, "map");
  graph.output("map", "float", ["batch", 3, 4, 4]);
  const file = path.join(folder, name);
  fs.writeFileSync(file, graph.toBytes());
  return file;
}

const options = (change: Partial<ExtractOptions> = {}): ExtractOptions => ({
  ...decodeDefaults,
  size: 4,
  mean: [0.5, 0, 0],
  std: [0.25, 1, 1],
  layout: "nchw",
  output: null,
  model: model("twice.onnx"),
  cells: ["red.svg", "blue.svg", "", "red.svg"],
  folders: [folder],
  out: path.join(folder, "features"),
  cacheDir: path.join(folder, "cache"),
  ...change,
});

describe("features from a frozen ONNX model", () => {
  it("are normalised, averaged over positions, and readable by the picture's cell", async () => {
    expect(await extractPictures(options())).toEqual({ extracted: 2, fromCache: 0, dim: 3 });
    const vectors = await readVectorFile({
      path: path.join(folder, "features.npy"),
      keysPath: path.join(folder, "features.keys.txt"),
      keyColumn: "",
      vectorColumn: "",
      dim: 3,
    });
    expect(vectors.size).toBe(2);
    // red: 2 · (1 − 0.5) / 0.25, blue: 2 · (0 − 0.5) / 0.25
    expectFloat32Close(vectors.get("red.svg")!, [4, 0, 0]);
    expectFloat32Close(vectors.get("blue.svg")!, [-4, 0, 2]);
  });

  it("are kept by content of picture and model and by normalisation", async () => {
    fs.copyFileSync(path.join(folder, "red.svg"), path.join(folder, "again.svg"));
    const cells = ["again.svg"];
    expect(await extractPictures(options({ cells }))).toMatchObject({ extracted: 0, fromCache: 1 });
    expect(await extractPictures(options({ cells, mean: [0, 0, 0] }))).toMatchObject({ extracted: 1 });
  });

  it("say what is wrong with a model", async () => {
    await expect(extractPictures(options({ model: "none.onnx" }))).rejects.toThrow(
      "none.onnx: ONNX file must exist, found none",
    );
    const broken = path.join(folder, "broken.onnx");
    fs.writeFileSync(broken, "no model");
    await expect(extractPictures(options({ model: broken }))).rejects.toThrow("must be an ONNX model");
    await expect(extractPictures(options({ output: "pool" }))).rejects.toThrow('one of map, got "pool"');
  });
});
