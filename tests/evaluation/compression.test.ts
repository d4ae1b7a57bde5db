import fs from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { compressionFrontier } from "../../lib/analysis/compression-frontier.js";
import { type CompressionPoint, compressionSettings, compressRun } from "../../lib/evaluation/compression.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();
const wide = ["model.hidden_layers=[]", "model.last_linear=false", "num_epochs=2"];
const run = (id: string, ...set: string[]) =>
  train(loadConfig(tiny.config(), [...wide, `run_id=${id}`, ...set]), { threads: 1 });
const valuesOf = (of: RunFolder, typo: number) =>
  of.queries().flatMap((result) => (result.typo === typo ? [result.values["Recall@5"]!] : []));

describe("compressRun", () => {
  let whole: RunFolder;
  let points: CompressionPoint[];
  beforeAll(async () => {
    whole = await run("whole");
    points = await compressRun(whole.dir, { measure: "Recall@5", typos: 0.5, listener: {} });
  });
  const find = (rows: string, vectors: string, width: number | null = null) =>
    points.find((p) => p.rows === rows && p.vectors === vectors && p.width === width && p.rescore === null)!;

  it("reports of whole rows and vectors what the run's own evaluation found", () => {
    const own = find("float32", "float32");
    expect([...own.clean]).toEqual(valuesOf(whole, 0));
    expect([...own.misspelled]).toEqual(valuesOf(whole, 0.5));
  });

  it("reports of rows in fewer bits what a run that stores them so answers, and its file's size", async () => {
    for (const rows of ["int8", "int4", "binary"]) {
      const stored = await run(rows, `store_rows=${rows}`);
      const point = find(rows, "float32");
      expect([...point.clean], rows).toEqual(valuesOf(stored, 0));
      expect([...point.misspelled], rows).toEqual(valuesOf(stored, 0.5));
      const header = fs.statSync(stored.model).size - point.modelBytes;
      expect(header).toBeGreaterThan(0);
      expect(header).toBeLessThan(800);
    }
  });

  it("tries every storage from the run's down, and narrower vectors of a narrower model", () => {
    expect(new Set(compressionSettings("int5", 64).map(({ rows }) => rows))).toEqual(
      new Set(["int5", "int4", "binary"]),
    );
    // 48 rows of 16 numbers, 48 documents: a byte each and a scale
    expect(find("int8", "int8")).toMatchObject({ modelBytes: 48 * 20, indexBytes: 48 * 20 });
    expect(find("int8", "int8", 8)).toMatchObject({ modelBytes: 48 * 12, indexBytes: 48 * 12 });
  });

  it("names the sets that the run has", async () => {
    await expect(compressRun(whole.dir, { set: "nowhere", listener: {} })).rejects.toThrow(
      /compress: set must be one of .*, got "nowhere"/,
    );
  });
});

describe("compressionFrontier", () => {
  it("joins seeds by query and keeps what nothing as small beats", () => {
    const point = (system: string, seed: number, bytes: number, clean: number[]): CompressionPoint => ({
      ...{ system, seed, rows: "int8", vectors: "int8", width: null, rescore: null, searchMs: seed },
      ...{ modelBytes: bytes, indexBytes: 10 },
      ...{ clean: Float64Array.from(clean), misspelled: Float64Array.from(clean) },
    });
    const rows = compressionFrontier([
      point("large", 1, 300, [1, 1, 1, 0]),
      point("small", 1, 100, [1, 0, 0, 0]),
      point("small", 2, 100, [1, 0, 1, 0]),
      point("middle", 1, 200, [0, 0, 1, 0]),
    ]);
    expect(rows.map(({ system, onFrontier }) => [system, onFrontier])).toEqual([
      ["small", true],
      ["middle", false],
      ["large", true],
    ]);
    expect(rows[0]).toMatchObject({ seeds: 2, clean: { mean: 0.375 } });
  });
});
