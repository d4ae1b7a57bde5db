import { intervalCurve } from "../reporting/figures/interval-curve.js";
import type { Figure } from "../reporting/figures/theme.js";
import { plainTable, type Table } from "../reporting/table.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { setTable } from "./report-page.js";

/** What a system reaches, and what its training costs at the pace of its fastest epoch. */
export interface TimeQuality {
  system: string;
  steps: number;
  msPerStep: number;
  /** steps · msPerStep, in seconds */
  seconds: number;
  mean: number;
  low: number;
  high: number;
}

/**
 * Quality against training time, for comparisons at equal time. The pace is that of the fastest epoch of a system's runs,
 * which other work on the machine disturbed least.
 */
export function timeQuality(
  runs: readonly RunFolder[],
  options: { set: string; measure: string },
): TimeQuality[] {
  const names = [...new Set(runs.map((run) => run.manifest().system))];
  const results = setTable(runs, options.set, [0], names[0]!, options.set);
  const column = results.metrics.findIndex((metric) => metric.startsWith(options.measure));
  return names.map((system) => {
    const own = runs.filter((run) => run.manifest().system === system);
    const steps = Math.max(...own[0]!.metrics().map(({ step }) => step));
    const epochs = own.flatMap((run) => run.timings().filter(({ name }) => name === "train"));
    const perEpoch = steps / new Set(epochs.map(({ epoch }) => epoch)).size;
    const msPerStep = (1000 * Math.min(...epochs.map(({ seconds }) => seconds))) / perEpoch;
    const { mean, low, high } = results.rows.find((row) => row.system === system)!.cells[column]!;
    return { system, steps, msPerStep, seconds: (steps * msPerStep) / 1000, mean, low, high };
  });
}

/** Cheapest first. */
export function timeQualityTable(rows: readonly TimeQuality[], measure: string): Table {
  const sorted = [...rows].sort((a, b) => a.seconds - b.seconds);
  return plainTable(
    ["", "steps", "ms per step", "seconds of training", measure],
    sorted.map((row) => [
      row.system,
      row.steps,
      Number(row.msPerStep.toFixed(1)),
      Number(row.seconds.toFixed(1)),
      { text: row.mean.toFixed(3), detail: `[${row.low.toFixed(3)}, ${row.high.toFixed(3)}]` },
    ]),
    { notes: ["Seconds at the pace of the fastest epoch of each system's runs."] },
  );
}

/** A point per system: what its training takes, and what it reaches. */
export function timeQualityFigure(rows: readonly TimeQuality[], measure: string): Figure {
  return intervalCurve(
    rows.map(({ system, seconds, mean, low, high }) => ({
      name: system,
      points: [{ x: seconds, mean, low, high }],
    })),
    { xTitle: "seconds of training", yTitle: measure, logarithmic: true },
  );
}
