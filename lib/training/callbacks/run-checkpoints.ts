import { writeCheckpoint } from "../../tracking/checkpoint.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Session } from "../session.js";
import type { Callback } from "./callback.js";

/** Which epochs' checkpoints are written, and which are kept. */
export interface CheckpointRule {
  /** epochs between two; null: by the clock, or as many as are kept */
  every: number | null;
  /** left when the run is finished */
  keep: "all" | number;
}

/** A crash costs about this much at most, rounded up to whole epochs. */
const LOST_MS = 60_000;
/** Least time between two checkpoints, in times of what the last one took: they are at most 1/25 of the run. */
const SHARE = 25;

/**
 * Writes checkpoints while the run trains: as often as a crash would cost a minute, so that a shorter run writes none, and
 * those that are to be kept. The last epoch's is written only if it is kept: the model file follows at once.
 *
 * @param nowMs  the clock
 */
export function runCheckpoints<B>(
  run: RunFolder,
  session: () => Session<B>,
  { every, keep }: CheckpointRule,
  nowMs: () => number = () => performance.now(),
): Callback {
  let lastMs = nowMs();
  let tookMs = 0;
  const isDue = (done: number, epochs: number, isLast: boolean) => {
    if (keep === "all" || (isLast ? keep > 0 : done > epochs - keep)) return true;
    if (isLast) return false;
    if (every !== null) return done % every === 0;
    return nowMs() - lastMs >= Math.max(LOST_MS, SHARE * tookMs);
  };
  return {
    name: "run_checkpoints",
    on: {
      fit_begin: () => void (lastMs = nowMs()),
      epoch_end({ epoch }) {
        const now = session();
        const done = epoch + 1;
        if (!isDue(done, now.epochs, !now.goesOn(done))) return;
        const began = nowMs();
        const saved = now.writableCheckpoint(run.syncMetrics());
        writeCheckpoint(run.checkpoints, saved, keep === "all" ? Infinity : Math.max(keep, 1));
        lastMs = nowMs();
        tookMs = lastMs - began;
        run.appendTiming({ epoch, name: "checkpoint", seconds: tookMs / 1000 });
      },
    },
  };
}
