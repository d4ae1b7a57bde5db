import * as tf from "@tensorflow/tfjs";
import { UserError } from "../../files/user-error.js";
import { Trace, type Value } from "./trace.js";
import { traced } from "./trace-backend.js";

/** What a call must give: outputs, and the gradient of the only one by tensors. */
export interface Demand {
  compute(): tf.Tensor[];
  by: readonly tf.Tensor[] | null;
}

/** Value of a scalar function and its gradient by each tensor, null where it does not depend on one. */
export function gradientsOf(
  compute: () => tf.Scalar,
  by: readonly tf.Tensor[],
): { value: tf.Scalar; gradients: (tf.Tensor | null)[] } {
  const { value, grads } = tf.engine().gradients(compute, by as tf.Tensor[], undefined, true);
  return { value: value as tf.Scalar, gradients: grads.map((gradient) => gradient ?? null) };
}

/** A function as it ran under trace. */
export interface Recording {
  trace: Trace;
  /** equal for equal graphs, up to single numbers */
  key: string;
  /** outputs, then gradients */
  results: Value[];
  /** which of the tensors have a gradient, in the order of the gradients */
  places: number[];
  /** whether the gradient read nothing that the function itself had not */
  closed: boolean;
}

/**
 * Runs a function under trace.
 *
 * @param options.gradients  with the gradient, if one is asked for; without, the key is that of the function alone
 * @param options.whole      the key covers the gradient too
 */
export function record(
  demand: Demand,
  options: { silent: boolean; gradients: boolean; whole: boolean },
): Recording {
  const begin = (elsewhere: <R>(compute: () => R) => R) => new Trace(options.silent, elsewhere);
  return traced(begin, (trace) => {
    try {
      return recorded(trace, demand, options);
    } catch (error) {
      tf.dispose(trace.made);
      throw error;
    }
  });
}

function recorded(
  trace: Trace,
  { compute, by }: Demand,
  options: { gradients: boolean; whole: boolean },
): Recording {
  const keyOf = (results: readonly Value[]) => {
    const outputs = results.map(({ id }) => id).join(" ");
    const ids = by?.map((tensor) => trace.idOf(tensor)).join(" ") ?? "none";
    return `${trace.key}\n${outputs} by ${ids} watched ${trace.watched.map(({ value }) => value.id).join(" ")}`;
  };
  const read = () => trace.hosts.length + trace.outsiders.length + trace.watched.length;
  if (!by || !options.gradients) {
    const results = compute().map((output) => trace.of(tensorOf(output)));
    return { trace, key: keyOf(results), results, places: [], closed: true };
  }
  let own = "";
  let before = 0;
  const { value, gradients } = gradientsOf(() => {
    const [first] = compute();
    const { shape } = tensorOf(first);
    if (shape.length > 0)
      throw new UserError(`jit: a function with gradients must return a scalar, got shape [${shape}]`);
    own = keyOf([trace.of(first!)]);
    before = read();
    trace.beginGradient();
    return first as tf.Scalar;
  }, by);
  const places = gradients.flatMap((gradient, place) => (gradient ? [place] : []));
  const results = [value, ...places.map((place) => gradients[place]!)].map((tensor) => trace.of(tensor));
  const closed = read() === before;
  return { trace, key: options.whole ? keyOf(results) : own, results, places, closed };
}

function tensorOf(output: unknown): tf.Tensor {
  if (output instanceof tf.Tensor) return output;
  throw new UserError(
    `jit: the function must return tensors, got ${output === null ? "null" : typeof output}`,
  );
}
