import { writeCheckpoint } from "../../tracking/checkpoint.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { Session } from "../session.js";
import type { Callback } from "./callback.js";

/** Writes a checkpoint every few epochs and after the last, and keeps the newest ones. */
export function runCheckpoints<B>(
  run: RunFolder,
  session: () => Session<B>,
  { every, keep }: { every: number; keep: number },
): Callback {
  return {
    name: "run_checkpoints",
    on: {
      epoch_end({ epoch }) {
        const now = session();
        const done = epoch + 1;
        if (now.goesOn(done) && done % every !== 0) return;
        const saved = now.writableCheckpoint(run.syncMetrics());
        const began = performance.now();
        writeCheckpoint(run.checkpoints, saved, keep);
        run.appendTiming({ epoch, name: "checkpoint", seconds: (performance.now() - began) / 1000 });
      },
    },
  };
}
