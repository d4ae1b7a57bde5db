import { UserError } from "../files/user-error.js";
import { ROUNDING } from "./randomization-test.js";
import { meanAndVariance } from "./sample.js";
import { satterthwaite, type TTest, tTest } from "./t-test.js";

/** One array of per-query values for each seed: [S][Q], the same queries in the same order. */
export type SeedValues = readonly ArrayLike<number>[];

/**
 * The mean over seeds of each query's value: what paired tests over queries are fed with. Such a test treats the seeds
 * at hand as given; {@link compareOverSeeds} treats them as drawn.
 */
export function perQueryMeans(values: SeedValues): Float64Array {
  const queries = checkSeeds("perQueryMeans", values);
  const means = new Float64Array(queries);
  for (const run of values) for (let q = 0; q < queries; q++) means[q]! += run[q]! / values.length;
  return means;
}

interface Components {
  mean: number;
  queryMeans: Float64Array;
  /** Variance of the mean over seeds, ν = S − 1; null for a single seed. */
  seeds: { variance: number; degrees: number } | null;
  /** What seeds and queries both count of the seed × query scatter: σ²/(S Q). */
  shared: number;
}

function components(values: SeedValues): Components {
  const queryMeans = perQueryMeans(values);
  const { mean } = meanAndVariance(queryMeans);
  const S = values.length;
  if (S === 1) return { mean, queryMeans, seeds: null, shared: 0 };
  const seedMeans = values.map((run) => meanAndVariance(run).mean);
  let squares = 0;
  values.forEach((run, s) => {
    for (let q = 0; q < queryMeans.length; q++)
      squares += (run[q]! - seedMeans[s]! - queryMeans[q]! + mean) ** 2;
  });
  const Q = queryMeans.length;
  return {
    mean,
    queryMeans,
    seeds: { variance: meanAndVariance(seedMeans).variance / S, degrees: S - 1 },
    shared: squares / ((S - 1) * (Q - 1)) / (S * Q),
  };
}

/**
 * Mean over seeds and queries with an interval that holds for new seeds and new queries: both are random.
 * V = var(seed means)/S + var(query means)/Q − what both contain of the seed × query scatter (two-way analysis of
 * variance), at least the larger of the two; t interval with Satterthwaite's degrees of freedom.
 *
 * With one seed the seeds' part is unknown and left out (`seedsCounted` false): the interval is for these weights. With
 * two or three seeds that differ it is wide, as it should be: t has 1 or 2 degrees of freedom then.
 *
 * @param values  [S][Q], S ≥ 1, Q ≥ 2
 * @see Searle, Casella & McCulloch 1992, Variance Components, chapter 4
 */
export function seedQueryInterval(
  values: SeedValues,
  options: { level?: number } = {},
): { mean: number; low: number; high: number; degrees: number; seedsCounted: boolean } {
  const { mean, queryMeans, seeds, shared } = components(values);
  const queries = {
    variance: meanAndVariance(queryMeans).variance / queryMeans.length,
    degrees: queryMeans.length - 1,
  };
  const parts = seeds ? [queries, seeds] : [queries];
  const test = combined(mean, parts, shared, options.level ?? 0.95);
  return { mean, low: test.low, high: test.high, degrees: test.degrees, seedsCounted: seeds !== null };
}

/**
 * Test and interval of the difference of two systems, each run with several seeds (not necessarily as many), on the
 * same queries. Queries are paired, seeds are not: seed 1 of one system has nothing to do with seed 1 of the other.
 * V = var(per-query differences of the means over seeds)/Q + var(seed means of a)/Sₐ + var(seed means of b)/S_b − what is
 * counted twice; t with Satterthwaite's degrees of freedom.
 *
 * With one seed on either side that side's part is left out, and the result speaks of that one set of weights.
 */
export function compareOverSeeds(a: SeedValues, b: SeedValues, options: { level?: number } = {}): TTest {
  return contrastOverSeeds(
    [
      { values: a, weight: 1 },
      { values: b, weight: -1 },
    ],
    options,
  );
}

/**
 * {@link compareOverSeeds} of more systems than two: test and interval of Σ wᵢ meanᵢ, such as an interaction with weights 1, −1,
 * −1 and 1. V = var(Σ wᵢ per-query mean of i)/Q + Σ wᵢ² var(seed means of i)/Sᵢ − what is counted twice.
 *
 * @param systems  at least one, all on the same queries
 */
export function contrastOverSeeds(
  systems: readonly { values: SeedValues; weight: number }[],
  options: { level?: number } = {},
): TTest {
  const found = systems.map(({ values, weight }) => ({ ...components(values), weight }));
  const Q = found[0]!.queryMeans.length;
  const other = found.find(({ queryMeans }) => queryMeans.length !== Q);
  if (other !== undefined)
    throw new UserError(
      `compareOverSeeds: a and b must have the same queries, got ${Q} and ${other.queryMeans.length}`,
    );
  const sums = new Float64Array(Q);
  for (let q = 0; q < Q; q++) {
    let largest = 0;
    for (const { queryMeans, weight } of found) {
      const value = weight * queryMeans[q]!;
      if (!Number.isFinite(value))
        throw new UserError(`compareOverSeeds: values must be finite, got ${queryMeans[q]} at ${q}`);
      sums[q]! += value;
      largest = Math.max(largest, Math.abs(value));
    }
    if (Math.abs(sums[q]!) <= ROUNDING * largest) sums[q] = 0;
  }
  const estimate = found.reduce((sum, { mean, weight }) => sum + weight * mean, 0);
  const shared = found.reduce((sum, { shared: own, weight }) => sum + weight * weight * own, 0);
  const parts = [{ variance: meanAndVariance(sums).variance / Q, degrees: Q - 1 }];
  for (const { seeds, weight } of found)
    if (seeds) parts.push({ variance: weight * weight * seeds.variance, degrees: seeds.degrees });
  return combined(estimate, parts, shared, options.level ?? 0.95);
}

function combined(
  estimate: number,
  parts: { variance: number; degrees: number }[],
  shared: number,
  level: number,
): TTest {
  const sum = parts.reduce((s, { variance }) => s + variance, 0);
  const variance = Math.max(sum - shared, ...parts.map((part) => part.variance));
  return tTest(estimate, variance, satterthwaite(variance, parts), level);
}

function checkSeeds(where: string, values: SeedValues): number {
  const queries = values[0]?.length ?? 0;
  if (values.length === 0) throw new UserError(`${where}: values must have at least 1 seed, got 0`);
  if (queries < 2) throw new UserError(`${where}: values must have at least 2 queries, got ${queries}`);
  for (const run of values)
    if (run.length !== queries)
      throw new UserError(`${where}: all seeds must have the same queries, got ${queries} and ${run.length}`);
  return queries;
}
