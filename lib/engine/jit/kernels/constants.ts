import * as tf from "@tensorflow/tfjs";
import type { Lowering, Lowerings } from "./lowering.js";

const like =
  (value: number): Lowering =>
  (trace, { x }) =>
    trace.filled(value, x!.shape, x!.dtype);

interface RangeAttributes {
  start: number;
  stop: number;
  step: number;
  dtype: "float32" | "int32";
}

/** Kernels that make tensors: those of one number, which a graph holds once and broadcasts, and ranges, which go in as inputs. */
export const constants: Lowerings = {
  Fill: (trace, _, { shape, value, dtype }: { shape: number[]; value: number; dtype?: tf.DataType }) =>
    trace.filled(value, shape, dtype ?? "float32"),
  OnesLike: like(1),
  Range: (trace, _, { start, stop, step, dtype }: RangeAttributes) =>
    trace.of(trace.outside(() => tf.range(start, stop, step, dtype))),
  ZerosLike: like(0),
};
