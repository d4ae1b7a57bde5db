import type { ExperimentConfig } from "../experiment/schema.js";
import { PermanentError, permanentIfSo } from "../files/permanent-error.js";
import { train } from "../training/train.js";

/**
 * Trains one configuration after another, as they are sent; a process of its own, which ends with the one that started it:
 * what was trained goes on from its last checkpoint.
 */
process.on("disconnect", () => process.exit(1));
process.on("message", async ({ config, threads }: { config: ExperimentConfig; threads: number }) => {
  if (!process.connected) process.exit(1); // its parent went while this process was starting
  try {
    const run = await train(config, {
      threads,
      onWait: (line) => tell({ kind: "wait", line }),
      listener: {
        line: (line) => tell({ kind: "line", line }),
        progress: (progress) => tell({ kind: "progress", progress }),
      },
    });
    tell({ kind: "done", dir: run.dir });
  } catch (error) {
    const fault = permanentIfSo(error);
    tell({ kind: "failed", message: (fault as Error).message, permanent: fault instanceof PermanentError });
  }
});

/** A worker whose parent has just ended is about to hear of it, and the message may be lost. */
function tell(message: object): void {
  process.send?.(message, undefined, undefined, () => {});
}
