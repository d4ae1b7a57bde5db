import { parse } from "yaml";
import { readSealed } from "../files/sealed-text.js";
import { meanInterval } from "../metrics/mean-interval.js";
import { intervalCurve } from "../reporting/figures/interval-curve.js";
import type { Figure } from "../reporting/figures/theme.js";
import { openRun, type RunFolder } from "../tracking/run-folder.js";
import { compareRuns } from "./compare-runs.js";

/** One line of the figure: runs that differ in labels and seeds. */
export interface LabelSeries {
  name: string;
  runs: readonly RunFolder[];
}

/**
 * A measure against the number of labelled pairs that encoders were trained on, with intervals over seeds and queries; of a fusion,
 * those of its first run. No labels stand at a tenth of the fewest. Runs without an encoder (BM25) are a level line.
 *
 * @throws UserError for a run that was not evaluated so
 */
export function labelCurve(
  series: readonly LabelSeries[],
  { set, measure = "nDCG@10", typo = 0 }: { set: string; measure?: string; typo?: number },
): Figure {
  const counted = series.map(({ name, runs }) => ({ name, at: byLabels(runs) }));
  const all = counted.flatMap(({ at }) => [...at.keys()]).filter((count): count is number => count !== null);
  const places = [...new Set(all)].sort((a, b) => a - b);
  const fewest = places.find((count) => count > 0) ?? 10;
  const placeOf = (count: number) => (count === 0 ? fewest / 10 : count);
  const selection = { label: measure, set, measure, typo };
  const lines = counted.map(({ name, at }) => ({
    name,
    points: [...at].flatMap(([count, runs]) => {
      const [system] = compareRuns(runs, [selection], () => name);
      const { mean, low, high } = meanInterval(system!.values[measure]!);
      return (count === null ? places : [count]).map((place) => ({ x: placeOf(place), mean, low, high }));
    }),
  }));
  return intervalCurve(lines, {
    xTitle: "labelled pairs",
    yTitle: measure,
    logarithmic: true,
    tickText: (x) => (x === placeOf(0) && places[0] === 0 ? "none" : x.toLocaleString("en")),
  });
}

/** Runs by the labelled pairs that they were trained on; null: without an encoder. */
function byLabels(runs: readonly RunFolder[]): Map<number | null, RunFolder[]> {
  const at = new Map<number | null, RunFolder[]>();
  for (const run of runs) {
    const count = labelsOf(run);
    at.set(count, [...(at.get(count) ?? []), run]);
  }
  return at;
}

function labelsOf(run: RunFolder): number | null {
  const { kind, counts } = run.manifest();
  if (kind === "fusion") return labelsOf(openRun(parse(readSealed(run.configFile)).runs[0]));
  if (kind !== "dense") return null;
  return counts["training rows"] ?? 0;
}
