import fs from "node:fs";
import path from "node:path";
import { readTensorFile, writeTensorFile } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { writeCheckpointFile } from "../../tracking/checkpoint.js";
import type { Callback } from "./callback.js";
import { type MonitorMode, monitored, smallerIsBetter } from "./monitor.js";

/**
 * Keeps the parameters of the best epoch in `best_model_<monitor>`, written on strict improvement only (a copy, so later
 * steps cannot change it).
 *
 * @param options.restoreBest put the best parameters back into the model when the fit ends
 */
export function bestModelCheckpoint(options: {
  saveDir: string;
  monitor?: string;
  mode?: MonitorMode;
  restoreBest?: boolean;
}): Callback & { readonly file: string } {
  const { saveDir, monitor = "val_loss", mode = "auto", restoreBest = false } = options;
  const smaller = smallerIsBetter(monitor, mode);
  const file = path.join(saveDir, `best_model_${monitor}`);
  let best: number | null = null;
  return {
    name: `best_model_${monitor}`,
    monitors: monitor,
    file,
    on: {
      epoch_end(state) {
        const value = monitored("bestModelCheckpoint", monitor, state);
        if (best !== null && !(smaller ? value < best : value > best)) return;
        if (Number.isNaN(value)) return;
        best = value;
        writeTensorFile(file, state.parameters(), { format: "qdrl-model-1", kind: state.encoder.kind });
      },
      fit_end(state) {
        if (restoreBest && best !== null) state.setParameters(readTensorFile(file).tensors);
      },
    },
    state: () => best,
    restore(saved) {
      best = saved as number | null;
    },
  };
}

/**
 * Writes `saved_model_epoch_NN` (from 01) after each epoch with all that is needed to go on (see readCheckpoint), and removes
 * all but the last ones.
 */
export function trainingCheckpoint(options: { saveDir: string; lastEpochs?: number }): Callback {
  const { saveDir, lastEpochs = 1 } = options;
  if (!Number.isInteger(lastEpochs) || lastEpochs < 1)
    throw new UserError(`trainingCheckpoint: lastEpochs must be a positive integer, got ${lastEpochs}`);
  return {
    name: "training_checkpoint",
    on: {
      epoch_end(state) {
        const epoch = String(state.epoch + 1).padStart(2, "0");
        writeCheckpointFile(path.join(saveDir, `saved_model_epoch_${epoch}`), state.checkpoint());
        const files = fs
          .readdirSync(saveDir)
          .filter((name) => /^saved_model_epoch_\d+$/.test(name))
          .sort((a, b) => epochOf(a) - epochOf(b));
        for (const old of files.slice(0, -lastEpochs)) fs.rmSync(path.join(saveDir, old));
      },
    },
  };
}

function epochOf(name: string): number {
  return Number(name.slice("saved_model_epoch_".length));
}
