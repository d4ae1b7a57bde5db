import type { Measurement } from "../../tracking/run-folder.js";
import type { Callback, TrainingState } from "./callback.js";

/**
 * Measurements of an epoch under the names of the published runs, given on when it ends: Loss/step, Loss/train and
 * AverageLoss/train, monitors of negatives, Loss/valid and AverageLoss/valid, then what callbacks before it measured.
 *
 * @param every  steps from one Loss/step to the next
 */
export function metricsLog(every: number, write: (measurements: readonly Measurement[]) => void): Callback {
  let pending: Measurement[] = [];
  const note = ({ epoch, step }: TrainingState, values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values)) pending.push({ epoch, step, name, value });
  };
  const flush = () => {
    write(pending);
    pending = [];
  };
  return {
    name: "metrics_log",
    on: {
      train_batch_end(state) {
        if (state.batchLoss !== null && state.step % every === 0)
          note(state, { "Loss/step": state.batchLoss });
      },
      train_epoch_end(state) {
        note(state, {
          "Loss/train": state.trainLossSum,
          "AverageLoss/train": state.trainLoss,
          ...state.metrics,
        });
      },
      val_end(state) {
        note(state, { "Loss/valid": state.validationLossSum, "AverageLoss/valid": state.validationLoss });
        if (state.epoch < 0) flush();
      },
      epoch_end(state) {
        const noted = new Set(pending.map(({ name }) => name));
        note(state, Object.fromEntries(Object.entries(state.metrics).filter(([name]) => !noted.has(name))));
        flush();
      },
    },
  };
}
