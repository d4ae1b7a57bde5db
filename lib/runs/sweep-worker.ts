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
      onWait: (line) => process.send?.({ kind: "line", line }),
      listener: { progress: (progress) => process.send?.({ kind: "progress", progress }) },
    });
    process.send?.({ kind: "done", dir: run.dir });
  } catch (error) {
    process.send?.({ kind: "failed", message: (error as Error).message });
  }
});
