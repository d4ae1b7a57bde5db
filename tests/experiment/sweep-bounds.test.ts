import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();
const base = tiny.config();

function sweep(changes: Record<string, unknown>): string {
  const file = path.join(tiny.root, "sweep.yaml");
  fs.writeFileSync(file, JSON.stringify({ task_id: "s", title: "t", base, ...changes }));
  return file;
}

describe("a sweep, before anything is trained,", () => {
  it("counts its runs before it makes them", () => {
    const values = Array.from({ length: 20 }, (_, i) => i + 1);
    const keys = ["a", "b", "c", "d", "e", "f", "g"];
    const file = sweep({ grid: Object.fromEntries(keys.map((key) => [key, values])) });
    const began = performance.now();
    expect(() => loadSweep(file)).toThrow(
      `${file}: grid and rows must make at most 10000 rows, got 1280000000`,
    );
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it("refuses rows that would be one folder", () => {
    const rows = ["a b", "a-b"].map((name) => ({ name, set: {} }));
    expect(() => loadSweep(sweep({ rows }))).toThrow(
      /: row names must differ in letters or digits, got "a b" and "a-b" for the folder a-b$/,
    );
    expect(() => loadSweep(sweep({ rows: [rows[0], rows[0]] }))).toThrow(
      /: row names must differ, got "a b" twice$/,
    );
  });

  it("refuses to count one seed twice, in the file and beside it", () => {
    const grid = { batch_size: [8] };
    expect(() => loadSweep(sweep({ grid, seeds: [1, 1] }))).toThrow(
      /sweep\.yaml:1: seeds: must differ, or one run would count as several$/,
    );
    for (const seeds of [[1, 1], [1.5], [Number.NaN], [-1], []])
      expect(() => loadSweep(sweep({ grid }), [], seeds)).toThrow(
        /^seeds: must be different whole numbers ≥ 0, for one run is not two, got /,
      );
    expect(loadSweep(sweep({ grid }), [], [1, 2]).runs).toHaveLength(2);
  });
});
