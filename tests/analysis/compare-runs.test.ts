import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { compareRuns, evaluatedOn } from "../../lib/analysis/compare-runs.js";
import { lossLines, typoLines } from "../../lib/analysis/curves.js";
import { mostDifferent } from "../../lib/analysis/run-documents.js";
import { type Manifest, type QueryResult, RunFolder } from "../../lib/tracking/run-folder.js";

function run(
  system: string,
  seed: number,
  values: readonly number[],
  ids = values.map((_, i) => `q${i}`),
): RunFolder {
  const folder = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-run-")));
  folder.writeManifest({ kind: "dense", system, seed } as Manifest);
  const results = [0, 0.5].flatMap((typo) =>
    values.map(
      (value, i): QueryResult => ({
        set: "s",
        typo,
        id: ids[i]!,
        query: ids[i]!,
        relevant: [],
        top: [],
        values: { "Recall@10": typo === 0 ? value : value / 2 },
      }),
    ),
  );
  folder.writeQueries(results);
  return folder;
}

const clean = [{ label: "R", set: "s", measure: "Recall@10", typo: 0 }];

describe("compareRuns", () => {
  it("lines queries up by id, whatever their order, and gathers seeds of a system", () => {
    const a1 = run("a", 1, [1, 0, 0.5]);
    const a2 = run("a", 2, [0.25, 1, 0], ["q2", "q0", "q1"]);
    const b = run("b", 1, [0, 0, 1]);
    const [a, other] = compareRuns([a1, a2, b], clean);
    expect(a!.runs.map((r) => r.seed)).toEqual([1, 2]);
    expect(a!.values["R"]!.map((v) => [...v])).toEqual([
      [1, 0, 0.5],
      [1, 0, 0.25],
    ]);
    expect([...other!.values["R"]![0]!]).toEqual([0, 0, 1]);
  });

  it("refuses runs that answered other queries, lack a measure or a typo probability", () => {
    const a = run("a", 1, [1, 0]);
    expect(() => compareRuns([a, run("b", 1, [1])], clean)).toThrow(
      /must answer the same 2 queries of set "s" as .*, got 1$/,
    );
    expect(() => compareRuns([a, run("b", 1, [1, 1], ["q0", "q9"])], clean)).toThrow(
      /query q1 of set "s" must have a value of Recall@10, got no such query$/,
    );
    expect(() => compareRuns([a], [{ ...clean[0]!, measure: "MRR@3" }])).toThrow(
      /must have a value of MRR@3, got Recall@10$/,
    );
    expect(() => compareRuns([a], [{ ...clean[0]!, typo: 0.9 }])).toThrow(
      /must hold results of set "s" at typo probability 0\.9, got none/,
    );
  });
});

describe("views of runs", () => {
  it("say what a run was evaluated on", () => {
    expect(evaluatedOn(run("a", 1, [1]))).toEqual({ sets: ["s"], typos: [0, 0.5] });
  });

  it("average typo curves over seeds, query by query", () => {
    const [line] = typoLines([run("a", 1, [1, 0]), run("a", 2, [0, 0])], { set: "s", measure: "Recall@10" });
    expect(line!.points.map(({ typo, mean }) => [typo, mean])).toEqual([
      [0, 0.25],
      [0.5, 0.125],
    ]);
    for (const point of line!.points) expect(point.low).toBeLessThanOrEqual(point.mean);
  });

  it("pair training with validation losses", () => {
    const folder = run("a", 1, [1]);
    folder.appendMetrics([
      { epoch: 0, step: 10, name: "AverageLoss/train", value: 2 },
      { epoch: 0, step: 10, name: "AverageLoss/valid", value: 3 },
      { epoch: 0, step: 5, name: "Loss/step", value: 9 },
    ]);
    expect(lossLines([folder])).toEqual([
      { name: "a", points: [{ step: 10, value: 2 }] },
      { name: "a, validation", points: [{ step: 10, value: 3 }], validationOf: "a" },
    ]);
  });

  it("tell the losses of one system's runs by their seeds", () => {
    const folders = [run("a", 1, [1]), run("a", 2, [1]), run("b", 1, [1])];
    for (const folder of folders)
      folder.appendMetrics([{ epoch: 0, step: 10, name: "AverageLoss/train", value: 2 }]);
    expect(lossLines(folders).map(({ name }) => name)).toEqual(["a, seed 1", "a, seed 2", "b"]);
  });

  it("find the queries that differ most, in favour of each in turn, and none where both agree", () => {
    const a = run("a", 1, [1, 0, 0.5, 0.5, 0.2]);
    const b = run("b", 1, [0, 1, 0.5, 0.25, 0.3]);
    expect(mostDifferent(a, b, { set: "s", count: 3 })).toEqual(["q0", "q1", "q3"]);
    expect(mostDifferent(a, b, { set: "s", count: 9 })).toEqual(["q0", "q1", "q3", "q4"]);
  });
});
