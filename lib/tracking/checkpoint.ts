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
  /** SHA-256 of those bytes. */
  metricsSha256?: string;
  /** State of what the encoder draws from in training (dropout); empty where it draws nothing. */
  randomState: number[];
  /** Model parameters by name. */
  parameters: Record<string, StoredTensor>;
  /** Optimiser state by name. */
  optimizer: Record<string, Float32Array>;
  /** What the objective remembers (negatives, weights of its own) by name; left out if nothing. */
  objective?: Record<string, StoredTensor>;
  /** What callbacks remember, plain JSON by name. */
  callbacks?: Record<string, unknown>;
  /** Tensors of callbacks, as <callback>/<tensor>. */
  callbackTensors?: Record<string, StoredTensor>;
}

/** A checkpoint to be written, whose arrays need not be copied for it. */
export interface WritableCheckpoint extends Omit<Checkpoint, "parameters" | "optimizer"> {
  parameters: Record<string, WritableTensor>;
  optimizer: Record<string, Float32Array | TensorPieces>;
}

const NAME = /^epoch-(\d{5})\.safetensors$/;

/** Writes `checkpoints/epoch-NNNNN.safetensors` and removes all but the newest `keep`, Infinity: none. */
export function writeCheckpoint(folder: string, checkpoint: WritableCheckpoint, keep: number): string {
  const file = path.join(folder, `epoch-${String(checkpoint.epochsDone).padStart(5, "0")}.safetensors`);
  writeCheckpointFile(file, checkpoint);
  for (const old of listCheckpoints(folder).slice(keep)) fs.rmSync(old, { force: true });
  return file;
}

/** Removes what a killed process left of a checkpoint; for the one process that works on the run. */
export function removeHalfWritten(folder: string): void {
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder))
    if (isTemporaryName(name)) fs.rmSync(path.join(folder, name), { force: true });
}

/** Writes one checkpoint whole or not at all. */
export function writeCheckpointFile(file: string, checkpoint: WritableCheckpoint): void {
  const tensors: Record<string, WritableTensor> = {};
  for (const [name, tensor] of Object.entries(checkpoint.parameters)) tensors[`parameters/${name}`] = tensor;
  for (const [name, state] of Object.entries(checkpoint.optimizer))
    tensors[`optimizer/${name}`] =
      state instanceof Float32Array ? { shape: [state.length], data: state } : state;
  for (const [name, tensor] of Object.entries(checkpoint.objective ?? {}))
    tensors[`objective/${name}`] = tensor;
  for (const [name, tensor] of Object.entries(checkpoint.callbackTensors ?? {}))
    tensors[`callbacks/${name}`] = tensor;
  writeTensorFile(file, tensors, {
    format: "qdrl-checkpoint-1",
    epochsDone: String(checkpoint.epochsDone),
    step: String(checkpoint.step),
    metricsBytes: String(checkpoint.metricsBytes),
    ...(checkpoint.metricsSha256 !== undefined && { metricsSha256: checkpoint.metricsSha256 }),
    randomState: JSON.stringify(checkpoint.randomState),
    callbacks: JSON.stringify(checkpoint.callbacks ?? {}),
  });
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
  const group = (prefix: string): Record<string, StoredTensor> =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, tensor]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
      ),
    );
  const objective = group("objective/");
  return {
    epochsDone: Number(metadata["epochsDone"]),
    step: Number(metadata["step"]),
    metricsBytes: Number(metadata["metricsBytes"]),
    ...(metadata["metricsSha256"] !== undefined && { metricsSha256: metadata["metricsSha256"] }),
    randomState: JSON.parse(metadata["randomState"]!),
    parameters: group("parameters/"),
    optimizer: Object.fromEntries(
      Object.entries(group("optimizer/")).map(([name, { data }]) => [name, data as Float32Array]),
    ),
    ...(Object.keys(objective).length > 0 && { objective }),
    callbacks: JSON.parse(metadata["callbacks"] ?? "{}"),
    callbackTensors: group("callbacks/"),
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
