import type { Trace, Value } from "../trace.js";

/** Inputs of a kernel by name. */
export type KernelInputs = Record<string, Value>;

/**
 * Writes one kernel of tfjs as nodes of a graph.
 *
 * @param attributes as tfjs hands them to its own kernels
 */
// biome-ignore lint/suspicious/noExplicitAny: attributes differ from kernel to kernel, as in tfjs's own registry
export type Lowering = (trace: Trace, inputs: KernelInputs, attributes: any) => Value | Value[];

/** Kernels by tfjs's names. */
export type Lowerings = Record<string, Lowering>;

/** Number of entries. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An axis from 0, given one that may count from the end. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
