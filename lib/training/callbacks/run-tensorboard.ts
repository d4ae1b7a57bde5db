import type { Measurement, RunFolder } from "../../tracking/run-folder.js";
import { TensorBoardLog } from "../../tracking/tensorboard-log.js";
import type { Callback } from "./callback.js";

/** TensorBoard events of a run's measurements; a run that goes on purges what came after its checkpoint. */
export function runTensorBoard(
  run: RunFolder,
): Callback & { write(measurements: readonly Measurement[]): void } {
  let log: TensorBoardLog | null = null;
  const close = () => {
    log?.close();
    log = null;
  };
  return {
    name: "run_tensorboard",
    write: (measurements) => log?.write(measurements),
    on: {
      fit_begin: ({ step }) => void (log = new TensorBoardLog(run.tensorboard, step === 0 ? null : step)),
      fit_end: close,
      exception: close,
    },
  };
}
