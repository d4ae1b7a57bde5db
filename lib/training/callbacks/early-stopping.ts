import { UserError } from "../../files/user-error.js";
import type { Callback } from "./callback.js";
import { type MonitorMode, monitored, smallerIsBetter } from "./monitor.js";

/**
 * Ends the fit when the monitored value has not improved for `patience` epochs. Improvement: value + minDelta < best, or
 * value − minDelta > best. With a baseline every epoch is compared with it, and no longer with the best so far.
 *
 * @throws RangeError for patience below 1; while running, if nothing measures the monitored value
 */
export function earlyStopping(
  options: {
    monitor?: string;
    mode?: MonitorMode;
    patience?: number;
    minDelta?: number;
    baseline?: number | null;
  } = {},
): Callback & { readonly counter: number } {
  const { monitor = "val_loss", mode = "auto", patience = 2, minDelta = 0, baseline = null } = options;
  if (!Number.isInteger(patience) || patience < 1)
    throw new UserError(`earlyStopping: patience must be a positive integer, got ${patience}`);
  const smaller = smallerIsBetter(monitor, mode);
  let best = smaller ? Infinity : -Infinity;
  let counter = 0;
  return {
    name: `early_stopping_${monitor}`,
    monitors: monitor,
    get counter() {
      return counter;
    },
    on: {
      epoch_end(state) {
        const value = monitored("earlyStopping", monitor, state);
        const reference = baseline ?? best;
        if (smaller ? value + minDelta < reference : value - minDelta > reference) {
          best = value;
          counter = 0;
          return;
        }
        counter++;
        if (counter >= patience) state.stop(`${monitor} has not improved for ${counter} epochs`);
      },
    },
    state: () => ({ best: Number.isFinite(best) ? best : null, counter }),
    restore(saved) {
      const { best: kept, counter: count } = saved as { best: number | null; counter: number };
      best = kept ?? best;
      counter = count;
    },
  };
}
