import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunFolder } from "../../lib/tracking/run-folder.js";

let run: RunFolder;

beforeEach(() => {
  run = new RunFolder(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-timings-")));
  for (const epoch of [-1, 0, 1, 2]) run.appendTiming({ epoch, name: "train", seconds: 1 });
  fs.appendFileSync(path.join(run.dir, "timings.jsonl"), '{"epoch":3,"na');
});

afterEach(() => fs.rmSync(run.dir, { recursive: true, force: true }));

describe("the clock of a run that is resumed", () => {
  it("keeps the epochs that are done and drops those to come, with a line torn by a kill", () => {
    run.cutTimings(2);
    expect(run.timings().map((timing) => timing.epoch)).toEqual([-1, 0, 1]);
  });

  it("starts empty when the run starts over", () => {
    run.cutTimings(0);
    expect(run.timings()).toEqual([]);
  });
});
