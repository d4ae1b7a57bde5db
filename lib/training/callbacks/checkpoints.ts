import fs from "node:fs";
import path from "node:path";
import { readTensorFile, type StoredTensor, writeTensorFile } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import type { Callback, FitCheckpoint } from "../fit/callback.js";
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
 * Writes `saved_model_epoch_NN` (from 01) after each epoch with all that {@link fit} needs to go on, and removes all but
 * the last ones.
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
        writeFitCheckpoint(path.join(saveDir, `saved_model_epoch_${epoch}`), state.checkpoint());
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

/** Writes a checkpoint whole or not at all. */
export function writeFitCheckpoint(file: string, saved: FitCheckpoint): void {
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, tensor] of Object.entries(saved.parameters)) tensors[`parameters/${name}`] = tensor;
  for (const [name, tensor] of Object.entries(saved.objective)) tensors[`objective/${name}`] = tensor;
  for (const [name, tensor] of Object.entries(saved.callbackTensors ?? {}))
    tensors[`callbacks/${name}`] = tensor;
  for (const [name, data] of Object.entries(saved.optimizer))
    tensors[`optimizer/${name}`] = { shape: [data.length], data };
  const { epochsDone, step, callbacks, randomState } = saved;
  writeTensorFile(file, tensors, {
    format: "qdrl-fit-1",
    state: JSON.stringify({ epochsDone, step, callbacks, randomState }),
  });
}

/** Reads a checkpoint of {@link trainingCheckpoint}. @throws RangeError if the file is damaged or something else */
export function readFitCheckpoint(file: string): FitCheckpoint {
  const { tensors, metadata } = readTensorFile(file);
  if (metadata["format"] !== "qdrl-fit-1")
    throw new UserError(`${file}: must be a qdrl-fit-1, got ${metadata["format"] ?? "no format"}`);
  const group = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
      ),
    );
  return {
    ...JSON.parse(metadata["state"]!),
    parameters: group("parameters/"),
    objective: group("objective/"),
    callbackTensors: group("callbacks/"),
    optimizer: Object.fromEntries(
      Object.entries(group("optimizer/")).map(([name, { data }]) => [name, data as Float32Array]),
    ),
  };
}
