import { UserError } from "../../files/user-error.js";
import { CsvLog } from "../../tracking/csv-log.js";
import { TensorBoardLog } from "../../tracking/tensorboard-log.js";
import type { Callback, TrainingState } from "./callback.js";

/** One line per epoch: mean loss over it so far to three decimals, the last validation loss, time passed and left. */
export function progressBar(
  write: (line: string) => void,
  options: { everyBatches?: number } = {},
): Callback {
  const { everyBatches = 20 } = options;
  let began = 0;
  const line = (state: TrainingState, done: number) => {
    const seconds = (performance.now() - began) / 1000;
    const left = done === 0 ? 0 : (seconds / done) * (state.trainBatches - done);
    const validation = Number.isNaN(state.validationLoss)
      ? ""
      : `, val_loss ${state.validationLoss.toFixed(3)}`;
    write(
      `epoch ${state.epoch + 1}/${state.epochs}: ${done}/${state.trainBatches} batches, loss ${state.trainLoss.toFixed(3)}${validation}, ${seconds.toFixed(1)} s, ${left.toFixed(1)} s left`,
    );
  };
  return {
    name: "progress_bar",
    on: {
      train_epoch_begin: () => void (began = performance.now()),
      train_batch_end(state) {
        if ((state.batchIndex + 1) % everyBatches === 0) line(state, state.batchIndex + 1);
      },
      epoch_end: (state) => line(state, state.trainBatches),
    },
  };
}

/** Ends the fit at the first loss that is not a finite number; the step that gave it was not made. */
export function nanGuard(): Callback {
  return {
    name: "nan_guard",
    on: {
      train_batch_end(state) {
        if (!Number.isFinite(state.loss))
          throw new UserError(
            `nanGuard: loss must stay finite, got ${state.loss} in epoch ${state.epoch + 1}, batch ${state.batchIndex + 1}`,
          );
      },
    },
  };
}

/** The learning rate of every step, kept in memory; `rates` grows as the fit goes on. */
export function learningRateMonitor(): Callback & {
  readonly rates: readonly { step: number; rate: number }[];
} {
  const rates: { step: number; rate: number }[] = [];
  return {
    name: "learning_rate",
    rates,
    on: { train_batch_end: (state) => void rates.push({ step: state.step, rate: state.learningRate }) },
  };
}

/** TensorBoard scalars: loss and rate per batch, validation loss and measures per epoch. */
export function tensorBoard(dir: string): Callback {
  let log: TensorBoardLog | null = null;
  const write = (state: TrainingState, values: Record<string, number>) =>
    log?.write(Object.entries(values).map(([name, value]) => ({ step: state.step, name, value })));
  return {
    name: "tensorboard",
    on: {
      fit_begin: (state) => void (log = new TensorBoardLog(dir, state.step === 0 ? null : state.step)),
      train_batch_end: (state) =>
        write(state, { "train/loss": state.loss, "lr/group_0": state.learningRate }),
      epoch_end: (state) => {
        write(state, Number.isNaN(state.validationLoss) ? {} : { "val/loss": state.validationLoss });
        write(
          state,
          Object.fromEntries(
            Object.entries(state.metrics).map(([name, value]) => [`metrics/${name}`, value]),
          ),
        );
      },
      fit_end: () => log?.close(),
      exception: () => log?.close(),
    },
  };
}

/**
 * One row per epoch in a CSV file: epoch, step, train_loss, val_loss, learning_rate and the measures named.
 *
 * @param measures columns for measures of evaluation callbacks that stand before this one
 */
export function csvLog(file: string, measures: readonly string[] = []): Callback {
  let log: CsvLog | null = null;
  return {
    name: "csv_log",
    on: {
      fit_begin: () =>
        void (log = new CsvLog(file, [
          "epoch",
          "step",
          "train_loss",
          "val_loss",
          "learning_rate",
          ...measures,
        ])),
      epoch_end: (state) =>
        log?.write({
          epoch: state.epoch + 1,
          step: state.step,
          train_loss: state.trainLoss,
          val_loss: Number.isNaN(state.validationLoss) ? null : state.validationLoss,
          learning_rate: state.learningRate,
          ...Object.fromEntries(measures.map((name) => [name, state.metrics[name] ?? null])),
        }),
      fit_end: () => log?.close(),
      exception: () => log?.close(),
    },
  };
}
