import { UserError } from "../files/user-error.js";

/** Named arrays of parameters, as a trainer's state holds them. */
export type ParameterArrays = Record<string, ArrayLike<number>>;

/**
 * θ = (1 − α) · first + α · second for every array: α = 0 gives the first bit by bit, α = 1 the second.
 *
 * @throws RangeError unless α is in [0, 1] and both have the same names and lengths
 * @see Wortsman et al. 2022 (WiSE-FT), arXiv:2109.01903
 */
export function interpolateWeights(
  first: ParameterArrays,
  second: ParameterArrays,
  alpha: number,
): Record<string, Float32Array> {
  if (!(alpha >= 0 && alpha <= 1))
    throw new UserError(`interpolateWeights: alpha must be in [0, 1], got ${alpha}`);
  checkAlike(first, second);
  return Object.fromEntries(
    Object.entries(first).map(([name, a]) => {
      const b = second[name]!;
      if (alpha === 0 || alpha === 1) return [name, Float32Array.from(alpha === 0 ? a : b)];
      return [name, Float32Array.from(a, (x, i) => (1 - alpha) * x + alpha * b[i]!)];
    }),
  );
}

/** Exponential moving average of parameters: average ← decay · average + (1 − decay) · current, started at the first. */
export class WeightAverage {
  private average: Record<string, Float32Array> | null = null;

  /** @throws RangeError unless decay is in [0, 1) */
  constructor(private readonly decay: number) {
    if (!(decay >= 0 && decay < 1))
      throw new UserError(`WeightAverage: decay must be in [0, 1), got ${decay}`);
  }

  get started(): boolean {
    return this.average !== null;
  }

  /** Goes on from {@link values}. */
  restore(average: ParameterArrays): void {
    this.average = null;
    this.add(average);
  }

  /** Takes the parameters of one more moment in. */
  add(current: ParameterArrays): void {
    if (this.average === null) {
      this.average = Object.fromEntries(
        Object.entries(current).map(([name, values]) => [name, Float32Array.from(values)]),
      );
      return;
    }
    checkAlike(this.average, current);
    for (const [name, average] of Object.entries(this.average)) {
      const values = current[name]!;
      for (let i = 0; i < average.length; i++)
        average[i] = this.decay * average[i]! + (1 - this.decay) * values[i]!;
    }
  }

  /** The average so far. @throws RangeError before the first {@link add} */
  values(): Record<string, Float32Array> {
    if (this.average === null) throw new UserError("WeightAverage: must have parameters, got none yet");
    return this.average;
  }
}

function checkAlike(a: ParameterArrays, b: ParameterArrays): void {
  const odd = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => a[name]?.length !== b[name]?.length,
  );
  if (odd.length > 0)
    throw new UserError(
      `interpolateWeights: both must have the same parameters, got different ${odd.join(", ")}`,
    );
}
