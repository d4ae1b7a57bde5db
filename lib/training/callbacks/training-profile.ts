import { type MachineLimit, type StepWork, shortestSeconds } from "../../fused/machine-limit.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Callback } from "./callback.js";

/** What is asked of a trainer. */
export interface Profiled {
  spent(): Record<string, number>;
  work(): StepWork | null;
  limit(): MachineLimit | null;
}

/** Parts of a step that trainers tell apart. */
const stepParts = ["gather", "dense", "update", "wait"] as const;

/**
 * Writes where the time of training goes to timings.jsonl: "train" and, named after it, its parts; "limit", what the
 * machine would need at best; "validate". Stands last, so that making a batch is all that lies between two steps.
 *
 * @param epochBeganMs  when the epoch under way began
 */
export function trainingProfile(run: RunFolder, trainer: Profiled, epochBeganMs: () => number): Callback {
  let data = 0;
  let asked = 0;
  let before: Record<string, number> = {};
  let work: StepWork = { flops: 0, bytes: 0 };
  const secondsSince = (ms: number) => (performance.now() - ms) / 1000;
  return {
    name: "training_profile",
    on: {
      train_epoch_begin() {
        data = 0;
        before = trainer.spent();
        work = trainer.work() ?? work;
        asked = performance.now();
      },
      train_batch_begin: () => void (data += secondsSince(asked)),
      train_batch_end: () => void (asked = performance.now()),
      train_epoch_end({ epoch, itemsDone: count }) {
        run.appendTiming({ epoch, name: "train", seconds: secondsSince(epochBeganMs()), count });
        run.appendTiming({ epoch, name: "train.data", seconds: data });
        const after = trainer.spent();
        for (const name of stepParts) {
          const seconds = after[name];
          if (seconds === undefined) continue;
          run.appendTiming({ epoch, name: `train.${name}`, seconds: seconds - (before[name] ?? 0) });
        }
        const limit = trainer.limit();
        const now = trainer.work();
        if (!limit || !now) return;
        const done = { flops: now.flops - work.flops, bytes: now.bytes - work.bytes };
        run.appendTiming({ epoch, name: "limit", seconds: shortestSeconds(done, limit) });
      },
      val_begin: () => void (asked = performance.now()),
      val_end: ({ epoch }) => run.appendTiming({ epoch, name: "validate", seconds: secondsSince(asked) }),
    },
  };
}
