import { power } from "../engine/power.js";
import { UserError } from "../files/user-error.js";
import { studentTQuantile } from "./student-t.js";

/** Two grades of one thing. */
export interface GradePair {
  first: number;
  second: number;
  /** What things hang together, as a query's documents do. */
  group: string;
}

export interface Agreement {
  /** Pairs of grades. */
  count: number;
  /** Share of equal grades. */
  equal: number;
  /** NaN where each of both gave one grade only, and the same: chance explains everything. */
  kappa: number;
  /** NaN where kappa is, and with one group. */
  low: number;
  high: number;
}

/**
 * Cohen's κ = 1 − Σ wᵢⱼ oᵢⱼ / Σ wᵢⱼ eᵢⱼ, with o the shares of pairs of grades, e the shares that chance would bring, and w 1 off
 * the diagonal (default) or (i − j)², so that far grades weigh more.
 *
 * The interval is Student's, its standard error from leaving out one group after the other, and ends at −1 and 1. Where all
 * grades are equal it would have no width: there it begins where the exact binomial interval of the share of equal grades begins.
 *
 * @throws UserError for no pair
 * @see Cohen 1960, doi:10.1177/001316446002000104; 1968, doi:10.1037/h0026256 (weights); Fleiss & Davies 1982,
 * doi:10.1111/j.2044-8317.1982.tb00655.x (jackknife)
 */
export function cohenKappa(
  pairs: readonly GradePair[],
  options: { weights?: "none" | "quadratic"; level?: number } = {},
): Agreement {
  const { weights = "none", level = 0.95 } = options;
  if (pairs.length === 0) throw new UserError("cohenKappa: pairs must not be empty, got none");
  const grades = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].sort((a, b) => a - b);
  const size = grades.length;
  const weight = (a: number, b: number) => {
    const apart = grades[a]! - grades[b]!;
    return weights === "quadratic" ? apart * apart : Number(a !== b);
  };
  const groups = new Map<string, Float64Array>();
  for (const { first, second, group } of pairs) {
    const cells = groups.get(group) ?? new Float64Array(size * size);
    cells[grades.indexOf(first) * size + grades.indexOf(second)]!++;
    groups.set(group, cells);
  }
  const tables = [...groups.values()];
  const whole = summed(tables, size);
  const kappa = kappaOf(whole, size, weight);
  const equal = pairs.filter(({ first, second }) => first === second).length / pairs.length;
  const result = { count: pairs.length, equal, kappa };
  if (Number.isNaN(kappa) || tables.length < 2) return { ...result, low: Number.NaN, high: Number.NaN };
  if (equal === 1) {
    const least = power((1 - level) / 2, 1 / pairs.length);
    const chance = chanceOf(whole, size);
    return { ...result, low: (least - chance) / (1 - chance), high: 1 };
  }
  const without = tables.map((table) => {
    const rest = kappaOf(
      whole.map((cell, i) => cell - table[i]!),
      size,
      weight,
    );
    return Number.isNaN(rest) ? kappa : rest;
  });
  const mean = without.reduce((sum, value) => sum + value, 0) / without.length;
  const squares = without.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  const count = tables.length;
  const half = studentTQuantile((1 + level) / 2, count - 1) * Math.sqrt((squares * (count - 1)) / count);
  return { ...result, low: Math.max(-1, kappa - half), high: Math.min(1, kappa + half) };
}

function summed(tables: readonly Float64Array[], size: number): Float64Array {
  const sum = new Float64Array(size * size);
  for (const table of tables) for (let i = 0; i < sum.length; i++) sum[i]! += table[i]!;
  return sum;
}

function marginsOf(table: Float64Array, size: number): { rows: number[]; columns: number[]; total: number } {
  const range = Array.from({ length: size }, (_, i) => i);
  const rows = range.map((i) => range.reduce((sum, j) => sum + table[i * size + j]!, 0));
  const columns = range.map((j) => range.reduce((sum, i) => sum + table[i * size + j]!, 0));
  return { rows, columns, total: rows.reduce((sum, row) => sum + row, 0) };
}

function kappaOf(table: Float64Array, size: number, weight: (a: number, b: number) => number): number {
  const { rows, columns, total } = marginsOf(table, size);
  let observed = 0;
  let chance = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      observed += weight(i, j) * table[i * size + j]!;
      chance += (weight(i, j) * rows[i]! * columns[j]!) / total;
    }
  return chance === 0 ? Number.NaN : 1 - observed / chance;
}

/** Share of equal grades that chance would bring. */
function chanceOf(table: Float64Array, size: number): number {
  const { rows, columns, total } = marginsOf(table, size);
  return rows.reduce((sum, row, i) => sum + (row * columns[i]!) / (total * total), 0);
}
