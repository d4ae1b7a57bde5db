import { compareRuns } from "../../analysis/compare-runs.js";
import { UserError } from "../../files/user-error.js";
import type { Interval } from "../../metrics/bootstrap.js";
import { detectableDifference, queriesNeeded } from "../../metrics/detectable-difference.js";
import { type CurveForecast, forecastCurve } from "../../metrics/learning-curve.js";
import { meanInterval } from "../../metrics/mean-interval.js";
import { meanAndVariance } from "../../metrics/sample.js";
import { compareOverSeeds, perQueryMeans, type SeedValues } from "../../metrics/seeds-and-queries.js";
import type { TTest } from "../../metrics/t-test.js";
import { type ResultsTable, resultsTable } from "../../reporting/results-table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { type LabelPlan, rowName } from "./label-sweep.js";

/** A size that was measured. */
export interface CurvePoint extends Interval {
  /** Training queries, and their labelled pairs (mean over seeds). */
  queries: number;
  labels: number;
  runs: { seed: number; dir: string }[];
  /** Against the size before; null for the smallest. */
  gain: (TTest & { labels: number; perHundredLabels: Interval; perHour: Interval }) | null;
}

/** What a size would have been expected to bring, from the smaller ones alone. */
export interface HeldOutCheck {
  queries: number;
  expected: Interval;
  measured: number;
  covered: boolean;
}

/** Everything that a learning curve answers. */
export interface LabelStudy {
  points: CurvePoint[];
  forecasts: { queries: number; labels: number; hours: number; value: Interval; gain: Interval }[];
  /** Of every size that the smaller ones can forecast: three of them, or four with one seed. */
  checks: HeldOutCheck[];
  /** Training queries, labels and hours more that bring `difference` more; Infinity where no curve says. */
  needed: { difference: number; queries: Interval; labels: Interval; hours: Interval };
  power: {
    testQueries: number;
    /** Standard deviation of per-query differences of the two largest sizes: means over seeds, and one run of each. */
    sd: { means: number; single: number };
    rows: { testQueries: number; means: number; single: number }[];
    /** Test queries that show `difference` with 80 % power. */
    needed: { means: number; single: number };
  };
  labelsPerHour: number;
  /** Every size as a row, against the largest. */
  results: ResultsTable;
}

/**
 * What the finished runs of a learning curve say.
 *
 * @param options.difference     wanted, of the measure. Default .01
 * @param options.labelsPerHour  pairs that people judge in an hour
 * @param options.forecast       training queries to look ahead to; default: twice and four times the largest size
 * @throws UserError where runs of a size are missing
 */
export function labelStudy(
  plan: LabelPlan,
  runs: readonly RunFolder[],
  options: { labelsPerHour: number; difference?: number; forecast?: readonly number[] | undefined },
): LabelStudy {
  const { labelsPerHour, difference = 0.01 } = options;
  const { set, measure, typo, sizes } = plan;
  const systems = new Map(
    compareRuns(runs, [{ label: measure, set, measure, typo }]).map((system) => [system.system, system]),
  );
  const labelsOf = new Map<string, number>();
  for (const run of runs) {
    const { system, counts } = run.manifest();
    labelsOf.set(system, (labelsOf.get(system) ?? 0) + (counts["training rows"] ?? 0));
  }
  const measured = sizes.map((size) => {
    const system = systems.get(rowName(size));
    if (system === undefined)
      throw new UserError(`labels: every size must have a finished run, got none of ${rowName(size)}`);
    const labels = labelsOf.get(system.system)! / system.runs.length;
    const values = system.values[measure]!;
    return { queries: size, labels, values, runs: system.runs.map(({ seed, dir }) => ({ seed, dir })) };
  });
  const points = measured.map((point, i): CurvePoint => {
    const { values, ...rest } = point;
    const before = measured[i - 1];
    return {
      ...rest,
      ...meanInterval(values),
      gain: before === undefined ? null : gainOver(before, point, labelsPerHour),
    };
  });
  const largest = measured.at(-1)!;
  const perQuery = largest.labels / largest.queries;
  const curve = forecastCurve({ sizes, values: measured.map(({ values }) => values) });
  const { forecast = [2 * largest.queries, 4 * largest.queries] } = options;
  const forecasts = forecast.map((queries) => {
    const labels = queries * perQuery;
    return {
      ...{ queries, labels, hours: (labels - largest.labels) / labelsPerHour },
      ...{ value: curve.at(queries), gain: curve.gain(queries) },
    };
  });
  return {
    ...{ points, forecasts, labelsPerHour },
    results: resultsTable(
      measured.map(({ queries }) => systems.get(rowName(queries))!),
      {
        title: `${plan.sweep.title}: sizes (${set})`,
        baseline: rowName(largest.queries),
        metrics: [measure],
      },
    ),
    checks: measured.flatMap((_, i) => heldOut(measured.slice(0, i + 1)) ?? []),
    needed: neededLabels(curve, difference, largest, labelsPerHour),
    power: powerOf(measured.at(-2)!.values, largest.values, difference),
  };
}

interface Measured {
  queries: number;
  labels: number;
  values: SeedValues;
}

function scaled({ mean, low, high }: Interval, by: (value: number) => number): Interval {
  return { mean: by(mean), low: by(low), high: by(high) };
}

function gainOver(before: Measured, after: Measured, labelsPerHour: number): NonNullable<CurvePoint["gain"]> {
  const test = compareOverSeeds(after.values, before.values);
  const labels = after.labels - before.labels;
  const gain = { mean: test.difference, low: test.low, high: test.high };
  const perLabel = (value: number) => value / labels;
  return {
    ...{ ...test, labels },
    perHundredLabels: scaled(gain, (value) => 100 * perLabel(value)),
    perHour: scaled(gain, (value) => labelsPerHour * perLabel(value)),
  };
}

/** The largest size, as the others would have it. */
function heldOut(measured: readonly Measured[]): HeldOutCheck | null {
  const others = measured.slice(0, -1);
  const last = measured.at(-1)!;
  if (others.length < 3 || (others.length === 3 && last.values.length === 1)) return null;
  const data = {
    sizes: others.map(({ queries }) => queries),
    values: others.map(({ values }) => values),
  };
  const expected = forecastCurve(data, { queries: "same" }).at(last.queries);
  const { mean } = meanAndVariance(perQueryMeans(last.values));
  return {
    ...{ queries: last.queries, expected, measured: mean },
    covered: expected.low <= mean && mean <= expected.high,
  };
}

function neededLabels(
  curve: CurveForecast,
  difference: number,
  largest: Measured,
  labelsPerHour: number,
): LabelStudy["needed"] {
  const perQuery = largest.labels / largest.queries;
  const queries = scaled(curve.sizeForGain(difference), (size) => size - largest.queries);
  const labels = scaled(queries, (more) => more * perQuery);
  return { difference, queries, labels, hours: scaled(labels, (more) => more / labelsPerHour) };
}

/** Variance of differences between two systems that are about as near as a wanted step. */
function powerOf(a: SeedValues, b: SeedValues, difference: number): LabelStudy["power"] {
  const deviation = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    meanAndVariance(Array.from(x, (value, q) => value - y[q]!)).variance;
  const pairs = Math.min(a.length, b.length);
  let single = 0;
  for (let s = 0; s < pairs; s++) single += deviation(a[s]!, b[s]!) / pairs;
  const sd = {
    means: Math.sqrt(deviation(perQueryMeans(a), perQueryMeans(b))),
    single: Math.sqrt(single),
  };
  const testQueries = a[0]!.length;
  const counts = [testQueries / 4, testQueries / 2, testQueries, 2 * testQueries, 4 * testQueries]
    .map(Math.floor)
    .filter((count) => count >= 2);
  return {
    ...{ testQueries, sd },
    rows: counts.map((count) => ({
      testQueries: count,
      means: detectableDifference(sd.means, count),
      single: detectableDifference(sd.single, count),
    })),
    needed: {
      means: queriesNeeded(sd.means, difference),
      single: queriesNeeded(sd.single, difference),
    },
  };
}
