import * as tf from "@tensorflow/tfjs";

/** Central differences of a value by each entry of a variable, which is as before afterwards. */
export function finiteDifferences(variable: tf.Variable, value: () => number, step = 1e-2): number[] {
  const start = variable.dataSync().slice() as Float32Array;
  const at = (entry: number, change: number): number => {
    const moved = start.slice();
    moved[entry]! += change;
    variable.assign(tf.tensor(moved, variable.shape));
    return value();
  };
  const slopes = Array.from(start, (_, i) => (at(i, step) - at(i, -step)) / (2 * step));
  variable.assign(tf.tensor(start, variable.shape));
  return slopes;
}
