import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { secondsSpent } from "../../lib/analysis/curves.js";
import { describeTime } from "../../lib/analysis/describe-time.js";
import { RunFolder } from "../../lib/tracking/run-folder.js";

const emptyRun = () => new RunFolder(mkdtempSync(path.join(tmpdir(), "qdrl-time-")));

describe("describeTime", () => {
  it("tells the shares of the whole and of the machine's limit, and counts no part twice", () => {
    const run = emptyRun();
    for (const [name, seconds] of [
      ["train", 8],
      ["train.data", 1],
      ["train.dense", 5],
      ["limit", 2],
      ["evaluate", 2],
    ] as const)
      run.appendTiming({ epoch: 0, name, seconds });
    expect(describeTime(run)).toBe(
      "time: 10.0 s: batches made 10 %, products and losses 50 %, other 20 %, evaluation 20 %; training at 25 % of what this machine's SIMD arithmetic and memory allow",
    );
    expect(secondsSpent(run)).toEqual({ train: 8, evaluate: 2 });
  });

  it("calls training steps what an engine does not split", () => {
    const run = emptyRun();
    run.appendTiming({ epoch: 0, name: "train", seconds: 3 });
    run.appendTiming({ epoch: 0, name: "train.data", seconds: 1 });
    run.appendTiming({ epoch: 0, name: "validate", seconds: 1 });
    expect(describeTime(run)).toBe(
      "time: 4.0 s: batches made 25 %, training steps 50 %, validation loss 25 %",
    );
  });

  it("tells nothing of a run without timings", () => {
    expect(describeTime(emptyRun())).toBeNull();
  });
});
