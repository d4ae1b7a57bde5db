import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type Manifest, RunFolder } from "../../lib/tracking/run-folder.js";
import { systemNames } from "../../lib/tracking/system-names.js";

function run(system: string, seed: number, runId: string): RunFolder {
  const folder = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-run-")));
  folder.writeManifest({ system, seed, runId } as Manifest);
  return folder;
}

describe("systemNames", () => {
  it("calls runs that differ in seed by their system's name", () => {
    const runs = [run("a", 1, "x"), run("a", 2, "y"), run("b", 1, "z")];
    expect(runs.map(systemNames(runs))).toEqual(["a", "a", "b"]);
  });
  it("adds the run id where a system has a seed twice", () => {
    const runs = [run("a", 1, "x"), run("a", 1, "y"), run("a", 2, "v"), run("b", 1, "z")];
    expect(runs.map(systemNames(runs))).toEqual(["a (x)", "a (y)", "a (v)", "b"]);
  });
});
