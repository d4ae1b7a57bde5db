import type { ExperimentConfig } from "../experiment/schema.js";
import { train } from "../training/train.js";

/**
 * Trains one configuration after another, as they are sent; a process of its own for each worker of a sweep, which ends with
 * it: what was trained goes on from its last checkpoint.
 */
process.on("disconnect", () => process.exit(1));
process.on("message", async ({ config }: { config: ExperimentConfig }) => {
  try {
    const run = await train(config, {
      threads: 1,
      onWait: (line) => tell({ kind: "line", line }),
      listener: { progress: (progress) => tell({ kind: "progress", progress }) },
    });
    tell({ kind: "done", dir: run.dir });
  } catch (error) {
    tell({ kind: "failed", message: (error as Error).message });
  }
});

/** A sweep that has just ended hears nothing: its worker is about to hear of it, and the message may be lost. */
function tell(message: object): void {
  process.send?.(message, undefined, undefined, () => {});
}
