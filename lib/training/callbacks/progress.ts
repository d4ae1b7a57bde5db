import { type Listener, throttled } from "../../engine/progress.js";
import type { Callback } from "./callback.js";

/** Reports the pairs of an epoch to a listener, with the last loss. @param what is called so before its number */
export function progress(listener: Listener, what = "epoch"): Callback {
  let report = throttled(listener);
  return {
    name: "progress",
    on: {
      epoch_begin: () => void (report = throttled(listener)),
      train_batch_end: ({ epoch, epochs, items, itemsDone: done, loss }) =>
        report({
          task: `${what} ${epoch + 1}/${epochs}`,
          done,
          total: Math.max(done, items),
          unit: "pairs",
          note: `loss ${loss.toFixed(3)}`,
        }),
    },
  };
}
