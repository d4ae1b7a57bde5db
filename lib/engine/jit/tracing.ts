import * as tf from "@tensorflow/tfjs";

/** What a function under trace may ask of whoever traces it. */
export interface Tracing {
  /** runs `compute` on the backend that the program itself uses; its tensors are inputs of the graph */
  outside<T extends tf.Tensor>(compute: () => T): T;
  /** a value from outside the tape whose gradient is handed over once the graph has run */
  boundary(value: tf.Tensor, anchor: tf.Tensor, take: (gradient: tf.Tensor) => void): tf.Tensor;
  /** hands over the values of a tensor of the graph once it has run */
  later(value: tf.Tensor, take: (values: Float32Array) => void): void;
}

/** Name of the backend that writes graphs. */
export const traceBackendName = "trace";

let current: Tracing | null = null;

/** Whether ops are being written into a graph at present, rather than computed. */
export function tracing(): Tracing | null {
  return current;
}

/** Runs `compute` with ops going to `trace`. */
export function whileTracing<T>(trace: Tracing | null, compute: () => T): T {
  const before = current;
  current = trace;
  try {
    return compute();
  } finally {
    current = before;
  }
}

/**
 * Hands over the values of a tensor: at once where ops are computed, and after the graph has run where they are traced. For
 * what a loss keeps beside its value (running means, monitors), which must not end the trace.
 */
export function whenKnown(value: tf.Tensor, take: (values: Float32Array) => void): void {
  if (current) current.later(value, take);
  else take(value.dataSync() as Float32Array);
}

/** One op that only graphs have, see kernels/composites. */
export function graphOp<T extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Record<string, unknown> = {},
): T {
  return tf.engine().runKernel(name, inputs, attributes as never) as T;
}
