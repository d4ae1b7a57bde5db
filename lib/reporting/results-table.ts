import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { shownResampling } from "../metrics/bootstrap.js";
import { detectableDifferenceOf } from "../metrics/detectable-difference.js";
import { cohensDz } from "../metrics/effect-size.js";
import { holm } from "../metrics/holm.js";
import { meanInterval } from "../metrics/mean-interval.js";
import { pairedRandomizationTest } from "../metrics/randomization-test.js";
import { compareOverSeeds, perQueryMeans, type SeedValues } from "../metrics/seeds-and-queries.js";
import type { MeasuredColumn } from "./number-source.js";

/** One run of a system. */
export interface SystemRun {
  seed: number;
  dir: string;
  link?: string;
  /** Of its queries.jsonl.gz when it was read. */
  sha256?: string;
}

/** How differences are tested: see resultsTable. */
export const TESTS = ["automatic", "randomisation", "t"] as const;
export type TestChoice = (typeof TESTS)[number];

/** The results of one system: one array of per-query values for each of its runs (seeds), aligned by query over all systems. */
export interface SystemResults {
  system: string;
  /** One line on what the system is, shown small under its name. */
  description?: string;
  runs: readonly SystemRun[];
  /** Metric name → one `[queries]` array per run, in the order of `runs`. A metric may be missing. */
  values: Readonly<Record<string, readonly ArrayLike<number>[]>>;
  /** Metric name → what of the runs' per-query files its values are. */
  columns?: Readonly<Record<string, MeasuredColumn>>;
}

export interface ResultsTableOptions {
  title?: string;
  /** System that the others are compared with; must be one of them. `null` compares nothing. */
  baseline: string | null;
  /** Columns, in this order; default: all metrics in the order in which the systems name them. */
  metrics?: readonly string[];
  /** Confidence level of the intervals. */
  level?: number;
  /** Error rate that the corrected tests keep to. */
  alpha?: number;
  resamples?: number;
  seed?: number;
  test?: TestChoice;
}

export interface ResultsCell {
  mean: number;
  low: number;
  high: number;
  queries: number;
  seeds: number;
  /** Standard deviation of the runs' means; null for one run. */
  seedDeviation: number | null;
  /** Against the baseline; null for the baseline and where it lacks the metric. */
  comparison: Comparison | null;
  best: boolean;
  /** True if no test (Holm over the column) tells this system from the column's best. */
  tiedWithBest: boolean;
}

export interface Comparison {
  /** Mean difference, this system minus the baseline. */
  difference: number;
  p: number;
  /** Corrected for all comparisons of the table. */
  adjustedP: number;
  mark: "better" | "worse" | "same";
  /** Of the per-query differences (seeds averaged): Cohen's d_z, and the difference found with 80 % power. Null for one query. */
  effectSize: number | null;
  detectable: number | null;
}

export interface ResultsRow {
  system: string;
  description?: string;
  runs: readonly SystemRun[];
  isBaseline: boolean;
  /** One cell per metric; null where the system lacks the metric. */
  cells: (ResultsCell | null)[];
}

export interface ResultsTable {
  title?: string;
  metrics: string[];
  baseline: string | null;
  level: number;
  alpha: number;
  resamples: number;
  seed: number;
  test: TestChoice;
  comparisons: number;
  /** What of the runs' per-query files each column is, where the systems say so. */
  columns?: MeasuredColumn[];
  rows: ResultsRow[];
}

/**
 * Compares systems on the same queries. With one seed, intervals are bootstrapped over queries (BCa) and differences to
 * the baseline are tested by a paired randomisation test: both speak of these weights. As soon as a system has several
 * seeds, its interval holds for new seeds and new queries, and so does its test (`meanInterval`,
 * `compareOverSeeds`). Other tests by choice: "t", the paired t-test whatever the number of seeds; "randomisation", of the
 * means over seeds, which takes the seeds as given. P values are corrected together (Holm) over all
 * comparisons of the table. The highest mean of a metric is marked best (exact ties: all of them), as are systems
 * that no test tells from it. Metrics are taken to be better when higher.
 *
 * @throws RangeError on no systems, repeated names, an unknown baseline, arrays of unequal length, or values that are
 * not finite
 */
export function resultsTable(systems: readonly SystemResults[], options: ResultsTableOptions): ResultsTable {
  const { baseline, level = 0.95, alpha = 0.05 } = options;
  const { resamples = shownResampling.resamples, seed = shownResampling.seed } = options;
  const { test = "automatic" } = options;
  if (!TESTS.includes(test)) throw new UserError(`test: must be one of ${TESTS.join(", ")}, got "${test}"`);
  const metrics = [...(options.metrics ?? new Set(systems.flatMap((system) => Object.keys(system.values))))];
  checkSystems(systems, baseline);
  const columns = metrics.map((metric) => {
    const values = systems.map((system) => checkedValues(system, metric));
    checkLengths(systems, values, metric);
    return values;
  });
  const baselineIndex = systems.findIndex((system) => system.system === baseline);
  const rows = systems.map((system, index): ResultsRow => {
    const { system: name, description, runs } = system;
    const cells = columns.map((column) => {
      const values = column[index]!;
      if (values === null) return null;
      const cell: ResultsCell = {
        ...meanInterval(values, { level, resamples, seed }),
        queries: values[0]!.length,
        seeds: values.length,
        seedDeviation: deviationOfSeeds(values),
        comparison: null,
        best: false,
        tiedWithBest: false,
      };
      return cell;
    });
    return {
      system: name,
      ...(description === undefined ? {} : { description }),
      runs,
      isBaseline: index === baselineIndex,
      cells,
    };
  });
  const comparisons =
    baselineIndex < 0 ? 0 : compareWithBaseline(rows, columns, baselineIndex, { alpha, seed, test });
  for (const [column, values] of columns.entries()) markBest(rows, values, column, { alpha, seed, test });
  const title = options.title === undefined ? {} : { title: options.title };
  const sources = metrics.map((metric) => ownEntry(systems[0]!.columns ?? {}, metric));
  return {
    ...{ ...title, metrics, baseline, level, alpha, resamples, seed, test, comparisons, rows },
    ...(sources.every((column): column is MeasuredColumn => column !== undefined)
      ? { columns: sources }
      : {}),
  };
}

type Column = (SeedValues | null)[];

interface Testing {
  alpha: number;
  seed: number;
  test: TestChoice;
}

function compareWithBaseline(
  rows: ResultsRow[],
  columns: Column[],
  baselineIndex: number,
  { alpha, seed, test: choice }: Testing,
): number {
  const tests: { cell: ResultsCell; test: Omit<Comparison, "adjustedP" | "mark"> }[] = [];
  columns.forEach((systems, column) => {
    const reference = systems[baselineIndex];
    if (!reference) return;
    rows.forEach((row, index) => {
      const values = systems[index];
      if (index === baselineIndex || !values) return;
      tests.push({
        cell: row.cells[column]!,
        test: { ...pairedTest(values, reference, seed, choice), ...magnitude(values, reference, alpha) },
      });
    });
  });
  const adjusted = holm(tests.map(({ test: { p } }) => p));
  tests.forEach(({ cell, test: found }, index) => {
    const adjustedP = adjusted[index]!;
    const mark = adjustedP > alpha ? "same" : found.difference > 0 ? "better" : "worse";
    cell.comparison = { ...found, adjustedP, mark };
  });
  return tests.length;
}

function markBest(
  rows: ResultsRow[],
  values: Column,
  column: number,
  { alpha, seed, test: choice }: Testing,
): void {
  const present = rows.map((_, index) => index).filter((index) => values[index]);
  const cellOf = (index: number): ResultsCell => rows[index]!.cells[column]!;
  if (present.length < 2) return;
  const top = Math.max(...present.map((index) => cellOf(index).mean));
  const bestIndex = present.find((index) => cellOf(index).mean === top)!;
  for (const index of present) cellOf(index).best = cellOf(index).mean === top;
  const others = present.filter((index) => !cellOf(index).best);
  const ps = others.map((index) => pairedTest(values[index]!, values[bestIndex]!, seed, choice).p);
  holm(ps).forEach((p, at) => {
    cellOf(others[at]!).tiedWithBest = p > alpha;
  });
}

/** One test of two systems on the same queries. */
export function pairedTest(
  a: SeedValues,
  b: SeedValues,
  seed: number,
  choice: TestChoice = "automatic",
): { difference: number; p: number } {
  const areSingle = a.length === 1 && b.length === 1;
  if (a[0]!.length < 2 || choice === "randomisation" || (choice === "automatic" && areSingle))
    return pairedRandomizationTest(
      areSingle ? a[0]! : perQueryMeans(a),
      areSingle ? b[0]! : perQueryMeans(b),
      { seed },
    );
  const { difference, p } = compareOverSeeds(a, b);
  return { difference, p };
}

function magnitude(
  a: SeedValues,
  b: SeedValues,
  alpha: number,
): Pick<Comparison, "effectSize" | "detectable"> {
  if (a[0]!.length < 2) return { effectSize: null, detectable: null };
  const [x, y] = [perQueryMeans(a), perQueryMeans(b)];
  const differences = x.map((value, query) => value - y[query]!);
  return { effectSize: cohensDz(x, y), detectable: detectableDifferenceOf(differences, { alpha }) };
}

/** One array per seed, checked; null if the system lacks the metric. */
function checkedValues(system: SystemResults, metric: string): SeedValues | null {
  const seeds = ownEntry(system.values, metric);
  if (seeds === undefined || seeds.length === 0) return null;
  const where = `of "${system.system}" ${metric}`;
  if (seeds.length !== system.runs.length)
    throw new UserError(
      `resultsTable: values ${where} must have one array per run (${system.runs.length}), got ${seeds.length}`,
    );
  const queries = seeds[0]!.length;
  if (queries === 0) throw new UserError(`resultsTable: values ${where} must have at least one query, got 0`);
  seeds.forEach((values, run) => {
    if (values.length !== queries)
      throw new UserError(
        `resultsTable: values ${where} must have the same queries for every seed, got ${queries} and ${values.length}`,
      );
    for (let query = 0; query < queries; query++)
      if (!Number.isFinite(values[query]))
        throw new UserError(
          `resultsTable: values ${where} must be finite, got ${values[query]} for query ${query} of run ${run}`,
        );
  });
  return seeds;
}

function deviationOfSeeds(values: SeedValues): number | null {
  if (values.length < 2) return null;
  const means = values.map((run) => Array.from(run).reduce((sum, value) => sum + value, 0) / run.length);
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1));
}

function checkSystems(systems: readonly SystemResults[], baseline: string | null): void {
  if (systems.length === 0) throw new UserError("resultsTable: systems must not be empty, got 0");
  const names = systems.map((system) => system.system);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new UserError(`resultsTable: system names must differ, got "${repeated}" twice`);
  if (baseline !== null && !names.includes(baseline))
    throw new UserError(`resultsTable: baseline must be one of ${names.join(", ")}, got "${baseline}"`);
}

function checkLengths(systems: readonly SystemResults[], values: Column, metric: string): void {
  const first = values.findIndex((seeds) => seeds !== null);
  values.forEach((seeds, index) => {
    if (seeds !== null && seeds[0]!.length !== values[first]![0]!.length)
      throw new UserError(
        `resultsTable: ${metric} must be over the same queries for every system, got ${values[first]![0]!.length} for ` +
          `"${systems[first]!.system}" and ${seeds[0]!.length} for "${systems[index]!.system}"`,
      );
  });
}
