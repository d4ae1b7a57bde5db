import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { reevaluateRun } from "../../lib/evaluation/reevaluate-run.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { readModel, writeModel } from "../../lib/files/model-file.js";
import { rowBytes, storedRows } from "../../lib/files/rounded-rows.js";
import { readTensorFile, writeTensorFile } from "../../lib/files/safetensors.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-model-"));
const file = path.join(folder, "model.safetensors");

describe("writeModel", () => {
  it("keeps every int8 value within half a step of its row, the largest one and zeros exactly, dense weights untouched", () => {
    const random = new Random(8);
    const rows = 50;
    const dim = 12;
    const data = Float32Array.from({ length: rows * dim }, (_, i) => random.normal() * (1 + (i % 5)));
    data.fill(0, 0, dim); // the padding row
    const weight = { shape: [2, 2], data: Float32Array.of(0.1, 0.2, 0.3, 0.4) };
    const given = { "tables/text": { shape: [rows, dim], data }, "weights/query.0.weight": weight };
    writeModel(file, given, "int8", { kind: "TwoTower" });
    const read = readModel(file);
    expect(read["weights/query.0.weight"]).toEqual(weight);
    const kept = read["tables/text"]!.data;
    for (let r = 0; r < rows; r++) {
      const row = data.subarray(r * dim, (r + 1) * dim);
      const largest = Math.max(...row.map(Math.abs));
      row.forEach((value, d) => {
        // half a step, and float32 rounding of the scale
        expect(Math.abs(kept[r * dim + d]! - value)).toBeLessThanOrEqual(largest * (0.5 / 127 + 1e-6));
        if (Math.abs(value) === largest) expect(kept[r * dim + d]).toBeCloseTo(value, 5);
      });
    }
    expect([...kept.slice(0, dim)]).toEqual(new Array(dim).fill(0));
    const whole = fs.readFileSync(file);
    const pieces = () => [data.subarray(0, 7 * dim), data.subarray(7 * dim)];
    writeModel(file, { ...given, "tables/text": { shape: [rows, dim], pieces } }, "int8", {
      kind: "TwoTower",
    });
    expect(fs.readFileSync(file).equals(whole)).toBe(true);
    const { tensors } = readTensorFile(file);
    expect(tensors["scales/tables/text"]!.shape).toEqual([rows]);
    // one byte a value and four a row, four a dense value, and the header
    expect(fs.statSync(file).size).toBeLessThan(rows * dim + rows * 4 + 16 + 700);
  });

  it("writes float32 as it is, and refuses to round what is not finite", () => {
    const table = { shape: [1, 2], data: Float32Array.of(1 / 3, -7) };
    writeModel(file, { "tables/text": table }, "float32", {});
    expect(readModel(file)["tables/text"]).toEqual(table);
    const broken = { "tables/text": { shape: [1, 2], data: Float32Array.of(1, Number.NaN) } };
    expect(() => writeModel(file, broken, "int8", {})).toThrow(
      "writeModel: tables/text must hold finite numbers, got NaN in row 0",
    );
  });
});

describe("fewer bits than a byte", () => {
  it.each([
    ["int6", 6],
    ["int5", 5],
    ["int4", 4],
    ["binary", 1],
  ] as const)("reads %s back as the row's arithmetic says, and takes its bits on disk", (storage, bits) => {
    const random = new Random(3);
    const rows = 200;
    const dim = 13; // no multiple of eight in any of these widths
    const data = Float32Array.from({ length: rows * dim }, () => random.normal());
    data.fill(0, 0, dim);
    writeModel(file, { "tables/text": { shape: [rows, dim], data } }, storage, {});
    const read = readModel(file)["tables/text"]!;
    expect(read.shape).toEqual([rows, dim]);
    for (let r = 0; r < rows; r++) {
      const row = [...data.subarray(r * dim, (r + 1) * dim)];
      const kept = [...read.data.subarray(r * dim, (r + 1) * dim)];
      const sizes = row.map(Math.abs);
      if (storage === "binary") {
        const mean = Math.fround(sizes.reduce((a, b) => a + b, 0) / dim);
        expect(kept).toEqual(row.map((x) => (x < 0 ? -mean : mean)));
      } else {
        const step = Math.max(...sizes) / (2 ** (bits - 1) - 1);
        row.forEach((x, d) => {
          expect(Math.abs(kept[d]! - x)).toBeLessThanOrEqual(step * 0.50001);
        });
        expect(new Set(kept.map((x) => Math.round(x / (step || 1)))).size).toBeLessThan(2 ** bits);
      }
    }
    const bytes = rows * (Math.ceil((dim * bits) / 8) + 4);
    expect(rows * rowBytes(storage, dim)).toBe(bytes);
    expect(fs.statSync(file).size - bytes).toBeLessThan(500); // the header
    expect(storedRows(storage, data, dim)).toEqual(read.data); // what a page computes
  });

  it("names a packing that it does not know", () => {
    writeTensorFile(
      file,
      {
        "tables/t": { shape: [1, 1], data: Uint8Array.of(3) },
        "scales/tables/t": { shape: [1], data: Float32Array.of(1) },
      },
      { "packed/tables/t": "int3 2" },
    );
    expect(() => readModel(file)).toThrow(
      'tables/t must be packed as one of int8, int6, int5, int4, binary with its row\'s length, got "int3 2"',
    );
  });
});

describe("store_rows: int8", () => {
  it("stores less, and reports per query what the stored model finds", async () => {
    const tiny = tinyDataset();
    const wide = ["model.text_embedding.embedding_dim=64"];
    const whole = await train(loadConfig(tiny.config(), wide), { threads: 1 });
    const small = await train(loadConfig(tiny.config(), [...wide, "run_id=small", "store_rows=int8"]), {
      threads: 1,
    });
    const bytes = (run: typeof whole) => fs.statSync(run.model).size;
    expect(small.manifest().counts["model file bytes"]).toBe(bytes(small));
    // three bytes less a value of the table, four more a row, and a longer header
    expect(bytes(whole) - bytes(small)).toBeGreaterThan(48 * 64 * 3 - 48 * 4 - 300);
    const reported = small.queries();
    await reevaluateRun(small.dir); // opens the file
    expect(small.queries()).toEqual(reported);
    const { encoder } = await openEncoder(small.dir);
    const { encoder: original } = await openEncoder(whole.dir);
    const difference = encoder.tables["text"]!.weights.map((value, i) =>
      Math.abs(value - original.tables["text"]!.weights[i]!),
    );
    expect(Math.max(...difference)).toBeGreaterThan(0);
    expect(Math.max(...difference)).toBeLessThan(0.03); // rows reach about 3, half a step of 3/127 is .012
    encoder.dispose();
    original.dispose();
  });
});
