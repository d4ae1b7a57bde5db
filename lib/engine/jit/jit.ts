import type * as tf from "@tensorflow/tfjs";
import { GraphCompiler, type JitInfo, type JitOptions } from "./graph-compiler.js";
import type { OperatorTime } from "./operator-times.js";

/** A function that graphs compute. */
export interface Jitted {
  /** what it did so far */
  info(): JitInfo;
  /** times by operator, if it was made with profilePrefix */
  operatorTimes(): OperatorTime[];
  /** closes its sessions */
  dispose(): void;
}

/**
 * The same function, computed by ONNX Runtime: the first call of each shape writes the ops that it runs into a graph, and
 * later calls run that natively. Results equal tfjs's up to rounding; what cannot be traced is computed by tfjs after one
 * line that says why.
 *
 * @param f  of tensors, with tfjs ops; may read variables, branch, and make tensors of its own. It runs at each call (with ops
 *   that compute nothing), and twice where its graph is made
 */
export function jit<A extends tf.Tensor[], R extends tf.Tensor | tf.Tensor[]>(
  f: (...inputs: A) => R,
  options: JitOptions = {},
): ((...inputs: A) => R) & Jitted {
  const compiler = new GraphCompiler(options);
  const run = (...inputs: A): R => {
    let single = false;
    const outputs = compiler.evaluate(() => {
      const result = f(...inputs);
      single = !Array.isArray(result);
      return single ? [result as tf.Tensor] : (result as tf.Tensor[]);
    });
    return (single ? outputs[0] : outputs) as R;
  };
  return Object.assign(run, faceOf(compiler));
}

/**
 * Value of a scalar function and its gradient by each of its inputs, computed as {@link jit} does. The caller disposes of
 * them.
 *
 * @param options.variables  by these too, after the inputs
 */
export function jitGradients<A extends tf.Tensor[]>(
  f: (...inputs: A) => tf.Scalar,
  { variables = [], ...options }: JitOptions & { variables?: readonly tf.Variable[] } = {},
): ((...inputs: A) => { value: tf.Scalar; gradients: (tf.Tensor | null)[] }) & Jitted {
  const compiler = new GraphCompiler(options);
  const run = (...inputs: A) => compiler.gradients(() => f(...inputs), [...inputs, ...variables]);
  return Object.assign(run, faceOf(compiler));
}

function faceOf(compiler: GraphCompiler): Jitted {
  return {
    info: () => compiler.info(),
    operatorTimes: () => compiler.operatorTimes(),
    dispose: () => compiler.dispose(),
  };
}
