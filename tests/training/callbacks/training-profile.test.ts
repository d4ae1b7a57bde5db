import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { RunFolder } from "../../../lib/tracking/run-folder.js";
import type { TrainingState } from "../../../lib/training/callbacks/callback.js";
import { trainingProfile } from "../../../lib/training/callbacks/training-profile.js";

it("writes what an epoch added, the time between steps, and the seconds that the limit would need for its work", async () => {
  const run = new RunFolder(mkdtempSync(path.join(tmpdir(), "qdrl-time-")));
  const now = { spent: { dense: 3 }, work: { flops: 100, bytes: 10 } };
  const began = performance.now();
  const { on } = trainingProfile(
    run,
    {
      spent: () => ({ ...now.spent }),
      work: () => ({ ...now.work }),
      limit: () => ({ flopsPerSecond: 10, bytesPerSecond: 1 }),
    },
    () => began,
  );
  const state = { epoch: 2, itemsDone: 64 } as TrainingState;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  on.train_epoch_begin!(state);
  for (let batch = 0; batch < 2; batch++) {
    await pause(30); // the batch is made
    on.train_batch_begin!(state);
    await pause(90); // the step
    on.train_batch_end!(state);
  }
  now.spent.dense = 5;
  now.work = { flops: 140, bytes: 17 };
  on.train_epoch_end!(state);
  const [train, data, dense, limit] = run.timings();
  expect(train).toMatchObject({ epoch: 2, name: "train", count: 64 });
  expect(train!.seconds).toBeGreaterThan(0.23);
  expect(data).toMatchObject({ epoch: 2, name: "train.data" });
  // timers end late on a busy machine, but not early
  expect(data!.seconds).toBeGreaterThan(0.058);
  expect(data!.seconds).toBeLessThan(train!.seconds - 0.17);
  expect(dense).toEqual({ epoch: 2, name: "train.dense", seconds: 2 });
  expect(limit).toEqual({ epoch: 2, name: "limit", seconds: 7 }); // 7 bytes at 1 a second, 40 flops at 10
});
