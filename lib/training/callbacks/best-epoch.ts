import { type BestCheckpoint, patienceIsOver } from "../../tracking/best-checkpoint.js";
import type { Trainer } from "../trainer.js";
import type { Callback } from "./callback.js";

/**
 * Keeps the parameters of the epoch with the lowest validation loss in a file of the run, and ends the training when
 * the last `patience` epochs brought nothing better (null: never).
 */
export function bestEpoch<B>(
  best: BestCheckpoint,
  patience: number | null,
  trainer: () => Trainer<B>,
): Callback {
  return {
    name: "best_epoch",
    on: {
      val_end({ epoch, validationLoss }) {
        if (epoch < 0) return;
        best.offer(epoch, validationLoss, () => trainer().state().parameters, trainer().kind);
      },
      epoch_end(state) {
        if (patience === null || !best.best) return;
        if (patienceIsOver(patience, best.best.epoch, state.epoch + 1))
          state.stop(`validation loss has not improved for ${patience} epochs`);
      },
    },
  };
}
