import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";

/** Chooses one column per row of scores [b, n]; −Infinity marks columns that may not be chosen. Returns [b]. */
export type Retrieval = (scores: ArrayLike<number>, columns: number, random: Random) => Int32Array;

/** Always the largest score, the first one on ties. */
export const retrieveMaximum: Retrieval = (scores, columns) => argMaxRows(scores, columns, () => 0);

/**
 * Draws column j of a row with probability softmax(inverseTemperature · score)_j, by the largest of
 * inverseTemperature · score + g, g = −ln(−ln u).
 *
 * @param options.noise [b, n] used in place of drawn noise
 */
export function retrieveGumbelMax(
  options: { inverseTemperature?: number; noise?: ArrayLike<number> } = {},
): Retrieval {
  const { inverseTemperature = 1, noise } = options;
  if (!(inverseTemperature > 0 && Number.isFinite(inverseTemperature)))
    throw new UserError(`retrieveGumbelMax: inverseTemperature must be > 0, got ${inverseTemperature}`);
  return (scores, columns, random) =>
    argMaxRows(
      scores,
      columns,
      (cell) => (noise ? noise[cell]! : gumbelNoise(random.next())),
      inverseTemperature,
    );
}

/** −ln(−ln u), u clamped to the open interval (a draw of exactly 0 would give −Infinity). */
export function gumbelNoise(uniform: number): number {
  const u = Math.min(Math.max(uniform, 2 ** -53), 1 - 2 ** -53);
  return -Math.log(-Math.log(u));
}

function argMaxRows(
  scores: ArrayLike<number>,
  columns: number,
  noise: (cell: number) => number,
  scale = 1,
): Int32Array {
  const rows = scores.length / columns;
  const chosen = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    let best = -Infinity;
    for (let j = 0; j < columns; j++) {
      const cell = i * columns + j;
      const value = scale * scores[cell]! + noise(cell);
      if (value > best) {
        best = value;
        chosen[i] = j;
      }
    }
  }
  return chosen;
}

/** The best of each group: k scores and their columns, in order of groups. */
export interface GroupMaxima {
  scores: Float32Array;
  columns: Int32Array;
}

/**
 * Approximate top-k: each row of scores [b, n] is cut into k contiguous groups, of which the first maximum is kept. It is
 * the exact top-k only when no two of the best k share a group; k = n is the identity.
 *
 * @throws RangeError unless k divides n
 */
export function approximateTopK(scores: ArrayLike<number>, columns: number, k: number): GroupMaxima {
  checkGroups("approximateTopK", columns, k);
  const rows = scores.length / columns;
  const width = columns / k;
  const out = { scores: new Float32Array(rows * k), columns: new Int32Array(rows * k) };
  for (let i = 0; i < rows; i++)
    for (let g = 0; g < k; g++) {
      let best = g * width;
      for (let j = best + 1; j < (g + 1) * width; j++)
        if (scores[i * columns + j]! > scores[i * columns + best]!) best = j;
      out.scores[i * k + g] = scores[i * columns + best]!;
      out.columns[i * k + g] = best;
    }
  return out;
}

/** Throws unless k is a positive integer that divides n. */
export function checkGroups(caller: string, n: number, k: number): void {
  if (!Number.isInteger(k) || k < 1 || n % k !== 0)
    throw new UserError(`${caller}: top_k must be a positive integer that divides ${n}, got ${k}`);
}
