import fs from "node:fs";
import path from "node:path";
import { isTemporaryName } from "../files/atomic-write.js";
import {
  readTensorFile,
  type StoredTensor,
  type TensorPieces,
  type WritableTensor,
  writeTensorFile,
} from "../files/safetensors.js";
import { UserError } from "../files/user-error.js";

/** Everything a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** Epochs finished; training goes on with this index. */
  epochsDone: number;
  /** Optimiser steps taken. */
  step: number;
  /** Length of metrics.jsonl, in bytes, when this was written; what came later is cut off on resume. */
  metricsBytes: number;
  /** State of what the encoder draws from in training (dropout); empty where it draws nothing. */
  randomState: number[];
  /** Model parameters by name. */
  parameters: Record<string, StoredTensor>;
  /** Optimiser state by name. */
  optimizer: Record<string, Float32Array>;
  /** What the objective remembers (negatives, weights of its own) by name; left out if nothing. */
  objective?: Record<string, StoredTensor>;
}

/** A checkpoint to be written, whose arrays need not be copied for it. */
export interface WritableCheckpoint extends Omit<Checkpoint, "parameters" | "optimizer"> {
  parameters: Record<string, WritableTensor>;
  optimizer: Record<string, Float32Array | TensorPieces>;
}

const NAME = /^epoch-(\d{5})\.safetensors$/;

/** Writes `checkpoints/epoch-NNNNN.safetensors` and removes all but the newest `keep`. */
export function writeCheckpoint(folder: string, checkpoint: WritableCheckpoint, keep: number): string {
  const file = path.join(folder, `epoch-${String(checkpoint.epochsDone).padStart(5, "0")}.safetensors`);
  const tensors: Record<string, WritableTensor> = {};
  for (const [name, tensor] of Object.entries(checkpoint.parameters)) tensors[`parameters/${name}`] = tensor;
  for (const [name, state] of Object.entries(checkpoint.optimizer))
    tensors[`optimizer/${name}`] =
      state instanceof Float32Array ? { shape: [state.length], data: state } : state;
  for (const [name, tensor] of Object.entries(checkpoint.objective ?? {}))
    tensors[`objective/${name}`] = tensor;
  writeTensorFile(file, tensors, {
    format: "qdrl-checkpoint-1",
    epochsDone: String(checkpoint.epochsDone),
    step: String(checkpoint.step),
    metricsBytes: String(checkpoint.metricsBytes),
    randomState: JSON.stringify(checkpoint.randomState),
  });
  for (const old of listCheckpoints(folder).slice(keep)) fs.rmSync(old, { force: true });
  for (const name of fs.readdirSync(folder))
    if (isTemporaryName(name)) fs.rmSync(path.join(folder, name), { force: true });
  return file;
}

/** Checkpoint files, newest first. */
export function listCheckpoints(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .reverse()
    .map((name) => path.join(folder, name));
}

/** Reads one checkpoint. @throws RangeError if the file is damaged or not a checkpoint */
export function readCheckpoint(file: string): Checkpoint {
  const { tensors, metadata } = readTensorFile(file);
  if (metadata["format"] !== "qdrl-checkpoint-1")
    throw new UserError(`${file}: must be a qdrl-checkpoint-1, got ${metadata["format"] ?? "no format"}`);
  const parameters: Record<string, StoredTensor> = {};
  const optimizer: Record<string, Float32Array> = {};
  const objective: Record<string, StoredTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith("parameters/")) parameters[name.slice("parameters/".length)] = tensor;
    else if (name.startsWith("objective/")) objective[name.slice("objective/".length)] = tensor;
    else optimizer[name.slice("optimizer/".length)] = tensor.data as Float32Array;
  }
  return {
    epochsDone: Number(metadata["epochsDone"]),
    step: Number(metadata["step"]),
    metricsBytes: Number(metadata["metricsBytes"]),
    randomState: JSON.parse(metadata["randomState"]!),
    parameters,
    optimizer,
    ...(Object.keys(objective).length > 0 && { objective }),
  };
}

/**
 * The newest checkpoint that is whole. Each damaged one on the way is reported and passed over.
 *
 * @param onDamaged  told one line per damaged file
 * @returns null when there is none
 */
export function latestCheckpoint(
  folder: string,
  onDamaged: (message: string) => void,
): { file: string; checkpoint: Checkpoint } | null {
  for (const file of listCheckpoints(folder)) {
    try {
      return { file, checkpoint: readCheckpoint(file) };
    } catch (error) {
      onDamaged(`${(error as Error).message}; going back to the checkpoint before`);
    }
  }
  return null;
}
