import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { catalogueRuns, diffSettings, filterRuns, sortRuns } from "../../lib/analysis/run-catalogue.js";
import { writeSealedYaml } from "../../lib/files/sealed-text.js";
import { dependentRuns, removableRuns, removeRuns } from "../../lib/tracking/remove-run.js";
import { newManifest, RunFolder } from "../../lib/tracking/run-folder.js";
import { testFolder } from "../datasets/test-folder.js";

const root = testFolder();

/** A run with a learning rate and what its two queries reached. */
function put(
  name: string,
  rate: number,
  values: number[],
  status: "finished" | "running" = "finished",
): void {
  const run = new RunFolder(path.join(root, "task", name));
  fs.mkdirSync(run.dir, { recursive: true });
  writeSealedYaml(run.configFile, stringify({ seed: 1, optimizer: { type: "adam", learning_rate: rate } }));
  fs.writeFileSync(
    path.join(run.dir, "queries.jsonl.gz"),
    gzipSync(
      values
        .flatMap((value, i) =>
          [0, 0.5].map((typo) =>
            JSON.stringify({
              ...{ set: "test", typo, id: `q${i}`, query: "q", relevant: [], top: [] },
              values: { "Recall@10": typo === 0 ? value : value / 2 },
            }),
          ),
        )
        .map((line) => `${line}\n`)
        .join(""),
    ),
  );
  const facts = {
    kind: "dense",
    system: name,
    taskId: "task",
    runId: name,
    seed: 1,
    backend: "cpu",
    engine: "fused",
  };
  const dataset = { name: "d", dir: "data/d", fingerprint: "f" };
  run.writeManifest({
    ...newManifest({ ...facts, dataset, counts: {} }),
    status,
    endedAt: new Date().toISOString(),
  });
}
put("a", 0.1, [0, 0.5]);
put("b", 0.01, [1, 0.5]);
put("c", 0.02, [0.5, 0.5]);
put("killed", 0.02, [0, 0], "running");

const entries = catalogueRuns([root, path.join(root, "task", "a")]);
const names = (some: typeof entries) => some.map(({ facts }) => facts["run"]);

describe("the catalogue of runs", () => {
  it("has every run once, with means over its queries", () => {
    expect(names(entries)).toEqual(["a", "b", "c", "killed"]);
    expect(entries.map(({ measures }) => measures)).toEqual([
      { "Recall@10": 0.25, "Recall@10/0.5": 0.125 },
      { "Recall@10": 0.75, "Recall@10/0.5": 0.375 },
      { "Recall@10": 0.5, "Recall@10/0.5": 0.25 },
      { "Recall@10": 0, "Recall@10/0.5": 0 },
    ]);
  });

  it("filters by facts, measures and settings, compared as numbers", () => {
    expect(names(filterRuns(entries, ["Recall@10>=.5"]))).toEqual(["b", "c"]);
    expect(names(filterRuns(entries, ["learning_rate<.1", "Recall@10/0.5 > .25"]))).toEqual(["b"]);
    expect(names(filterRuns(entries, ["status!=finished"]))).toEqual(["killed"]);
    expect(names(filterRuns(entries, ["system~KILL"]))).toEqual(["killed"]);
    expect(names(filterRuns(entries, ["optimizer.learning_rate=1e-2"]))).toEqual(["b"]);
  });

  it("sorts both ways", () => {
    expect(names(sortRuns(entries, "-Recall@10"))).toEqual(["b", "c", "a", "killed"]);
    expect(names(sortRuns(entries, "learning_rate"))).toEqual(["b", "c", "killed", "a"]);
  });

  it("says which keys there are", () => {
    expect(() => sortRuns(entries, "Recal@10")).toThrow(
      '--sort: must name a fact, a measure or a setting that a run has, got "Recal@10"; did you mean Recall@10?',
    );
    expect(() => filterRuns(entries, ["seed"])).toThrow(
      '--filter: must be KEY, one of <= >= != ~ < > = and a value, got "seed"',
    );
  });

  it("tells two configurations apart", () => {
    expect(diffSettings([entries[0]!, entries[1]!])).toEqual([
      { key: "optimizer.learning_rate", values: [0.1, 0.01] },
    ]);
    expect(diffSettings([entries[2]!, entries[3]!])).toEqual([]);
  });

  it("names runs that are made of those to go", () => {
    const [part, whole] = ["a", "b"].map((name) => path.join(root, "task", name)) as [string, string];
    const file = path.join(whole, "manifest.json");
    const before = fs.readFileSync(file);
    const madeOf = [{ run: part, content: "" }];
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(before.toString()), madeOf }));
    expect(dependentRuns([part], root)).toEqual([{ dir: whole, madeOf: part }]);
    expect(dependentRuns([part, whole], root)).toEqual([]);
    expect(dependentRuns([whole], root)).toEqual([]);
    fs.writeFileSync(file, before);
  });

  it("removes what has ended, and a killed run on request alone", () => {
    const killed = path.join(root, "task", "killed");
    expect(() => removableRuns([killed])).toThrow("must have ended to be deleted, got a run under way");
    removeRuns(removableRuns([killed], { running: true }));
    expect(names(catalogueRuns([root]))).toEqual(["a", "b", "c"]);
    expect(() => removableRuns([root])).toThrow("must be a run folder");
  });
});
