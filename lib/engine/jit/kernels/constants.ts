import type { DataType } from "@tensorflow/tfjs";
import type { Lowering, Lowerings } from "./lowering.js";

const like =
  (value: number): Lowering =>
  (trace, { x }) =>
    trace.filled(value, x!.shape, x!.dtype);

/** Kernels that make tensors of one number, which a graph holds once and broadcasts. */
export const constants: Lowerings = {
  Fill: (trace, _, { shape, value, dtype }: { shape: number[]; value: number; dtype?: DataType }) =>
    trace.filled(value, shape, dtype ?? "float32"),
  OnesLike: like(1),
  ZerosLike: like(0),
};
