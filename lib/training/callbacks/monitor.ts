import { UserError } from "../../files/user-error.js";
import type { TrainingState } from "./callback.js";

export type MonitorMode = "auto" | "min" | "max";

/** Whether smaller is better: "auto" means min for train_loss and val_loss, max for every other measure. */
export function smallerIsBetter(monitor: string, mode: MonitorMode): boolean {
  return mode === "auto" ? monitor === "train_loss" || monitor === "val_loss" : mode === "min";
}

/**
 * The monitored value at the end of an epoch.
 *
 * @throws RangeError if nothing measured it, e.g. val_loss without evalData
 */
export function monitored(callback: string, monitor: string, state: TrainingState): number {
  const value =
    monitor === "train_loss"
      ? state.trainLoss
      : monitor === "val_loss"
        ? state.validationLoss
        : state.metrics[monitor];
  if (value === undefined || (monitor === "val_loss" && state.validationBatches === 0))
    throw new UserError(
      `${callback}: monitor must be measured before it, got "${monitor}" with only ${["train_loss", ...(state.validationBatches > 0 ? ["val_loss"] : []), ...Object.keys(state.metrics)].join(", ")}`,
    );
  return value;
}
