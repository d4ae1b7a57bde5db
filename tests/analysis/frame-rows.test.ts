import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { documentRows, runRows } from "../../lib/analysis/frame-rows.js";
import { type Manifest, RunFolder } from "../../lib/tracking/run-folder.js";
import { tinyDataset } from "../support/tiny-dataset.js";

function run(system: string, values: Record<string, number>[]): RunFolder {
  const folder = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-run-")));
  const dataset = { name: "tiny", dir: "data/tiny", fingerprint: "f" };
  const manifest = { system, seed: 3, taskId: "t", runId: system, counts: { parameters: 7 }, dataset };
  folder.writeManifest(manifest as unknown as Manifest);
  folder.writeQueries(
    [0, 0.5].flatMap((typo) =>
      values.map((each, i) => ({
        set: "test",
        typo,
        id: `q${i}`,
        query: `q${i}`,
        relevant: [],
        top: [],
        values: Object.fromEntries(Object.entries(each).map(([name, value]) => [name, value * (1 - typo)])),
      })),
    ),
  );
  return folder;
}

describe("rows for data frames", () => {
  it("of runs hold the means over clean queries of the measures that all have", () => {
    const both = run("a", [
      { "Recall@10": 1, "nDCG@10": 0.5 },
      { "Recall@10": 0, "nDCG@10": 0.5 },
    ]);
    const one = run("b", [{ "Recall@10": 0.25 }, { "Recall@10": 0.5 }]);
    const rest = { seed: 3, dataset: "tiny", parameters: 7 };
    expect(runRows([both, one])).toEqual([
      { run: "t/a", system: "a", ...rest, "Recall@10": 0.5 },
      { run: "t/b", system: "b", ...rest, "Recall@10": 0.375 },
    ]);
  });

  it("of documents hold every column of the pool", async () => {
    const rows = await documentRows(tinyDataset().dir);
    expect(rows).toHaveLength(48);
    expect(rows[0]).toEqual({
      document_id: "d0",
      document_name: "red shoe",
      document_category_id: "shoe",
    });
  });
});
