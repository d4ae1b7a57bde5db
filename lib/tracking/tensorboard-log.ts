import { EventFileWriter } from "./event-file-writer.js";
import type { ChartGroup } from "./events.js";

/** One measured value, as in a run's metrics.jsonl. */
export interface LoggedMeasurement {
  step: number;
  name: string;
  value: number;
}

/** Training and validation loss in one chart each: totals, and averages over batches. */
export const LOSS_LAYOUT: readonly ChartGroup[] = [
  {
    title: "metrics",
    charts: [
      { title: "loss", tags: ["Loss/train", "Loss/valid"] },
      { title: "averageLoss", tags: ["AverageLoss/train", "AverageLoss/valid"] },
    ],
  },
];

/**
 * A run's measurements as TensorBoard scalars, tagged with their names, with the loss charts laid out.
 */
export class TensorBoardLog {
  private readonly writer: EventFileWriter;

  /**
   * @param dir  the run's `tensorboard` folder
   * @param resumedAfterStep  last step that counts of what an interrupted run wrote before; null for a new run
   */
  constructor(dir: string, resumedAfterStep: number | null = null) {
    this.writer = new EventFileWriter(dir, { resumedAfterStep });
    this.writer.layout(LOSS_LAYOUT);
  }

  write(measurements: readonly LoggedMeasurement[]): void {
    const now = Date.now() / 1000;
    for (const { name, step, value } of measurements) this.writer.scalar(name, step, value, now);
  }

  close(): void {
    this.writer.close();
  }
}
