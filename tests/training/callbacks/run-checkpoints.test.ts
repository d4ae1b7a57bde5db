import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listCheckpoints } from "../../../lib/tracking/checkpoint.js";
import { RunFolder } from "../../../lib/tracking/run-folder.js";
import { type CheckpointRule, runCheckpoints } from "../../../lib/training/callbacks/run-checkpoints.js";
import type { Session } from "../../../lib/training/session.js";

let root = "";
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-checkpoints-"));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** Epochs (from 1) after which a checkpoint was written, and those that are there in the end. */
function written(
  rule: CheckpointRule,
  { epochs, epochSec, writeSec = 0 }: { epochs: number; epochSec: number; writeSec?: number },
): { after: number[]; left: number[] } {
  const run = new RunFolder(fs.mkdtempSync(path.join(root, "run-")));
  let nowMs = 5000;
  let done = 0;
  const session = {
    epochs,
    goesOn: (epoch: number) => epoch < epochs,
    writableCheckpoint: () => {
      nowMs += 1000 * writeSec;
      return { epochsDone: done, step: 0, metricsBytes: 0, randomState: [], parameters: {}, optimizer: {} };
    },
  } as unknown as Session<unknown>;
  const callback = runCheckpoints(
    run,
    () => session,
    rule,
    () => nowMs,
  );
  const state = (epoch: number) => ({ epoch }) as never;
  callback.on.fit_begin?.(state(0));
  for (let epoch = 0; epoch < epochs; epoch++) {
    nowMs += 1000 * epochSec;
    done = epoch + 1;
    callback.on.epoch_end?.(state(epoch));
  }
  const left = listCheckpoints(run.checkpoints).map((file) => Number(/epoch-(\d+)/.exec(file)![1]));
  const timings = run.timings();
  for (const { seconds } of timings) expect(seconds).toBeCloseTo(writeSec, 9);
  return { after: timings.map(({ epoch }) => epoch + 1), left: left.reverse() };
}

describe("runCheckpoints", () => {
  const byClock: CheckpointRule = { every: null, keep: 0 };

  it("writes one a minute, none in a run under a minute and none after the last epoch", () => {
    expect(written(byClock, { epochs: 5, epochSec: 10 }).after).toEqual([]);
    expect(written(byClock, { epochs: 13, epochSec: 10 })).toEqual({ after: [6, 12], left: [12] });
    expect(written(byClock, { epochs: 2, epochSec: 500 })).toEqual({ after: [1], left: [1] });
  });

  it("writes more seldom where they take long: at most 4 % of the time after the first", () => {
    expect(written(byClock, { epochs: 100, epochSec: 10, writeSec: 8 }).after).toEqual([6, 26, 46, 66, 86]);
  });

  it("keeps what it is told to keep, whatever the clock says", () => {
    const short = { epochs: 5, epochSec: 1 };
    expect(written({ every: null, keep: "all" }, short).left).toEqual([1, 2, 3, 4, 5]);
    expect(written({ every: null, keep: 2 }, short)).toEqual({ after: [4, 5], left: [4, 5] });
    expect(written({ every: 2, keep: 1 }, short)).toEqual({ after: [2, 4, 5], left: [5] });
  });
});
