import type * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import type { RowGradients } from "../../engine/tables/row-pooling.js";
import type { Optimizer } from "../../optimizers/optimizer.js";
import type { TrainerState } from "../trainer.js";

/** A model and its optimiser in a process of their own, equal to those of the process that started it after every step. */
export interface Replica {
  model: Encoder;
  optimizer: Optimizer;
  /** what the loss reads of a part of a batch, one row or more each: on the tape */
  features(part: unknown): tf.Tensor[];
}

/** A module and its function that makes one from plain data. */
export interface ReplicaSource {
  /** of lib, named as TypeScript from the root */
  module: string;
  make: string;
  options: unknown;
}

export interface PlainTensor {
  shape: number[];
  data: Float32Array;
}

/** Gradients of dense weights by name, and of rows by table. */
export interface PlainGradients {
  dense: Record<string, PlainTensor>;
  tables: Record<string, RowGradients>;
}

/** What a replica is told; it answers the first and the third. */
export type Order =
  | { kind: "make"; source: ReplicaSource; backend: string }
  | { kind: "state"; state: Pick<TrainerState, "parameters" | "optimizer" | "step"> }
  | { kind: "differentiate"; part: unknown; random: number[] | null }
  | { kind: "slopes"; slopes: Float32Array[] }
  | { kind: "skip" }
  | { kind: "update"; gradients: PlainGradients; learningRate: number }
  | { kind: "settle" };

export type Answer =
  | { kind: "made" }
  | { kind: "features"; features: PlainTensor[] }
  | { kind: "gradients"; gradients: PlainGradients }
  | { kind: "failed"; message: string };

/** A tensor's numbers, apart from its memory. */
export function plainTensor(tensor: tf.Tensor): PlainTensor {
  return { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) };
}
