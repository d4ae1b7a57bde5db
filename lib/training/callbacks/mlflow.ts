import { MlflowRun } from "../../tracking/mlflow-run.js";
import type { Callback, TrainingState } from "./callback.js";

export interface MlflowOptions {
  /** of the tracking server; default: the environment's MLFLOW_TRACKING_URI, else http://127.0.0.1:5000 */
  trackingUri?: string;
  experiment?: string;
  runName?: string;
  /** logged once, at the start */
  params?: Readonly<Record<string, unknown>>;
}

/**
 * Logs a training to an MLflow server: train/loss and lr/group_0 of every batch (sent once an epoch), val/loss and the
 * measures of callbacks before it of every epoch, parameters at the start, the run's state at the end. Of tensors and models
 * nothing is sent.
 *
 * @throws UserError at the start, where the server does not answer
 */
export function mlflow(options: MlflowOptions = {}): Callback & { readonly runId: string | null } {
  const { experiment = "qdrl", runName = "fit", params = {} } = options;
  const uri = options.trackingUri ?? process.env.MLFLOW_TRACKING_URI ?? "http://127.0.0.1:5000";
  let run: MlflowRun | null = null;
  let batches: { step: number; name: string; value: number }[] = [];
  const end = (status: "FINISHED" | "FAILED" | "KILLED") => async () => {
    await run?.metrics(batches);
    batches = [];
    await run?.end(status);
    run = null;
  };
  const callback = {
    name: "mlflow",
    runId: null as string | null,
    on: {
      async fit_begin(state: TrainingState) {
        run = await MlflowRun.create(uri, experiment, runName);
        callback.runId = run.runId;
        await run.params({ epochs: state.epochs, learning_rate: state.learningRate, ...params });
      },
      train_batch_end({ step, loss, learningRate }: TrainingState) {
        batches.push({ step, name: "train/loss", value: loss });
        batches.push({ step, name: "lr/group_0", value: learningRate });
      },
      async epoch_end({ step, validationLoss, metrics }: TrainingState) {
        const measures = Object.entries(metrics).map(([name, value]) => ({
          step,
          name: `metrics/${name}`,
          value,
        }));
        await run?.metrics([...batches, { step, name: "val/loss", value: validationLoss }, ...measures]);
        batches = [];
      },
      fit_end: end("FINISHED"),
      keyboard_interrupt: end("KILLED"),
      exception: end("FAILED"),
    },
  };
  return callback;
}
