import { bootstrapInterval } from "../metrics/bootstrap.js";
import { holm } from "../metrics/holm.js";
import { pairedRandomizationTest } from "../metrics/randomization-test.js";

/** The results of one system: one array of per-query values for each of its runs (seeds), aligned by query over all systems. */
export interface SystemResults {
  system: string;
  /** One line on what the system is, shown small under its name. */
  description?: string;
  runs: readonly { seed: number; dir: string; link?: string }[];
  /** Metric name → one `[queries]` array per run, in the order of `runs`. A metric may be missing. */
  values: Readonly<Record<string, readonly ArrayLike<number>[]>>;
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
}

export interface ResultsCell {
  mean: number;
  low: number;
  high: number;
  queries: number;
  seeds: number;
  /** Standard deviation of the runs' means; null for one run. */
  seedDeviation: number | null;
  /** Mean difference to the baseline and its p values; null for the baseline and where it lacks the metric. */
  comparison: { difference: number; p: number; adjustedP: number; mark: "better" | "worse" | "same" } | null;
  best: boolean;
  /** True if no test (Holm over the column) tells this system from the column's best. */
  tiedWithBest: boolean;
}

export interface ResultsRow {
  system: string;
  description?: string;
  runs: readonly { seed: number; dir: string; link?: string }[];
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
  comparisons: number;
  rows: ResultsRow[];
}

/**
 * Compares systems on the same queries. A system's value for a query is the mean over its seeds; intervals are
 * bootstrapped over queries; every system is tested against the baseline on every metric by a paired randomisation
 * test, and p values are corrected together (Holm) over all comparisons of the table. The highest mean of a metric is
 * marked best (exact ties: all of them), as are systems that no test tells from it. Metrics are taken to be
 * better when higher.
 *
 * @throws RangeError on no systems, repeated names, an unknown baseline, arrays of unequal length, or values that are
 * not finite
 */
export function resultsTable(systems: readonly SystemResults[], options: ResultsTableOptions): ResultsTable {
  const { baseline, level = 0.95, alpha = 0.05, resamples = 2000, seed = 42 } = options;
  const metrics = [...(options.metrics ?? new Set(systems.flatMap((system) => Object.keys(system.values))))];
  checkSystems(systems, baseline);
  const columns = metrics.map((metric) => {
    const means = systems.map((system) => meanOverSeeds(system, metric));
    checkLengths(systems, means, metric);
    return means;
  });
  const baselineIndex = systems.findIndex((system) => system.system === baseline);
  const rows = systems.map((system, index): ResultsRow => {
    const { system: name, description, runs } = system;
    const cells = metrics.map((metric, column) => {
      const values = columns[column]![index]!;
      if (values === null) return null;
      const { mean, low, high } = bootstrapInterval(values, { level, resamples, seed });
      const seedDeviation = deviationOfSeeds(system, metric);
      const cell: ResultsCell = {
        mean,
        low,
        high,
        queries: values.length,
        seeds: system.values[metric]!.length,
        seedDeviation,
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
    baselineIndex < 0 ? 0 : compareWithBaseline(rows, columns, baselineIndex, { alpha, seed });
  for (const [column, means] of columns.entries()) markBest(rows, means, column, { alpha, seed });
  const title = options.title === undefined ? {} : { title: options.title };
  return { ...title, metrics, baseline, level, alpha, resamples, comparisons, rows };
}

type Column = (Float64Array | null)[];

function compareWithBaseline(
  rows: ResultsRow[],
  columns: Column[],
  baselineIndex: number,
  { alpha, seed }: { alpha: number; seed: number },
): number {
  const tests: { cell: ResultsCell; difference: number; p: number }[] = [];
  columns.forEach((means, column) => {
    const reference = means[baselineIndex];
    if (!reference) return;
    rows.forEach((row, index) => {
      const values = means[index];
      if (index === baselineIndex || !values) return;
      tests.push({ cell: row.cells[column]!, ...pairedRandomizationTest(values, reference, { seed }) });
    });
  });
  const adjusted = holm(tests.map((test) => test.p));
  tests.forEach(({ cell, difference, p }, index) => {
    const adjustedP = adjusted[index]!;
    const mark = adjustedP > alpha ? "same" : difference > 0 ? "better" : "worse";
    cell.comparison = { difference, p, adjustedP, mark };
  });
  return tests.length;
}

function markBest(
  rows: ResultsRow[],
  means: Column,
  column: number,
  { alpha, seed }: { alpha: number; seed: number },
): void {
  const present = rows.map((_, index) => index).filter((index) => means[index]);
  const cellOf = (index: number): ResultsCell => rows[index]!.cells[column]!;
  if (present.length < 2) return;
  const top = Math.max(...present.map((index) => cellOf(index).mean));
  const bestIndex = present.find((index) => cellOf(index).mean === top)!;
  for (const index of present) cellOf(index).best = cellOf(index).mean === top;
  const others = present.filter((index) => !cellOf(index).best);
  const ps = others.map((index) => pairedRandomizationTest(means[index]!, means[bestIndex]!, { seed }).p);
  holm(ps).forEach((p, at) => {
    cellOf(others[at]!).tiedWithBest = p > alpha;
  });
}

/** Mean over seeds for every query, `[queries]`; null if the system lacks the metric. */
function meanOverSeeds(system: SystemResults, metric: string): Float64Array | null {
  const seeds = system.values[metric];
  if (seeds === undefined || seeds.length === 0) return null;
  const where = `of "${system.system}" ${metric}`;
  if (seeds.length !== system.runs.length)
    throw new RangeError(
      `resultsTable: values ${where} must have one array per run (${system.runs.length}), got ${seeds.length}`,
    );
  const mean = new Float64Array(seeds[0]!.length);
  if (mean.length === 0)
    throw new RangeError(`resultsTable: values ${where} must have at least one query, got 0`);
  seeds.forEach((values, run) => {
    if (values.length !== mean.length)
      throw new RangeError(
        `resultsTable: values ${where} must have the same queries for every seed, got ${mean.length} and ${values.length}`,
      );
    for (let query = 0; query < mean.length; query++) {
      const value = values[query]!;
      if (!Number.isFinite(value))
        throw new RangeError(
          `resultsTable: values ${where} must be finite, got ${value} for query ${query} of run ${run}`,
        );
      mean[query]! += value / seeds.length;
    }
  });
  return mean;
}

function deviationOfSeeds(system: SystemResults, metric: string): number | null {
  const seeds = system.values[metric]!;
  if (seeds.length < 2) return null;
  const means = seeds.map(
    (values) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length,
  );
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1));
}

function checkSystems(systems: readonly SystemResults[], baseline: string | null): void {
  if (systems.length === 0) throw new RangeError("resultsTable: systems must not be empty, got 0");
  const names = systems.map((system) => system.system);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new RangeError(`resultsTable: system names must differ, got "${repeated}" twice`);
  if (baseline !== null && !names.includes(baseline))
    throw new RangeError(`resultsTable: baseline must be one of ${names.join(", ")}, got "${baseline}"`);
}

function checkLengths(systems: readonly SystemResults[], means: Column, metric: string): void {
  const first = means.findIndex((values) => values !== null);
  means.forEach((values, index) => {
    if (values !== null && values.length !== means[first]!.length)
      throw new RangeError(
        `resultsTable: ${metric} must be over the same queries for every system, got ${means[first]!.length} for ` +
          `"${systems[first]!.system}" and ${values.length} for "${systems[index]!.system}"`,
      );
  });
}
