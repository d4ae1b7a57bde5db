import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { shownResampling } from "../metrics/bootstrap.js";
import { meanInterval } from "../metrics/mean-interval.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { compareRuns, evaluatedOn } from "./compare-runs.js";

/** What a run is called in figures and tables. */
export type RunName = (run: RunFolder) => string;

const systemOf: RunName = (run) => run.manifest().system;

export interface LossLine {
  name: string;
  points: { step: number; value: number }[];
  /** The training line that a validation line belongs to. */
  validationOf?: string;
}

/**
 * Average training and validation loss after each epoch, a pair of lines per run. BM25 runs have none. Runs of the same
 * system are told by their seeds.
 */
export function lossLines(runs: readonly RunFolder[], nameOf: RunName = systemOf): LossLine[] {
  const lines: LossLine[] = [];
  for (const run of runs) {
    const metrics = run.metrics();
    const pick = (name: string) =>
      metrics.filter((m) => m.name === name).map(({ step, value }) => ({ step, value }));
    const training = pick("AverageLoss/train");
    if (training.length === 0) continue;
    const system = nameOf(run);
    const alone = runs.filter((other) => nameOf(other) === system).length === 1;
    const name = alone ? system : `${system}, seed ${run.manifest().seed}`;
    lines.push({ name, points: training });
    const validation = pick("AverageLoss/valid");
    if (validation.length > 0)
      lines.push({ name: `${name}, validation`, points: validation, validationOf: name });
  }
  return lines;
}

export interface TypoLine {
  name: string;
  points: { typo: number; mean: number; low: number; high: number }[];
}

/** A measure against the typo probability, one line per system: mean over seeds and queries with its interval. */
export function typoLines(
  runs: readonly RunFolder[],
  options: { set: string; measure: string; nameOf?: RunName },
): TypoLine[] {
  const { typos } = evaluatedOn(...runs);
  const selections = typos.map((typo) => ({
    label: String(typo),
    set: options.set,
    measure: options.measure,
    typo,
  }));
  return compareRuns(runs, selections, options.nameOf ?? systemOf).map(({ system, values }) => ({
    name: system,
    points: typos.map((typo) => ({ typo, ...meanInterval(values[String(typo)]!, shownResampling) })),
  }));
}

/** Seconds spent per kind of work, summed over epochs; parts of training are counted as one. */
export function secondsSpent(run: RunFolder): Record<string, number> {
  const spent: Record<string, number> = emptyRecord();
  for (const { name, seconds } of run.timings())
    if (name !== "limit" && !name.includes(".")) spent[name] = (ownEntry(spent, name) ?? 0) + seconds;
  return spent;
}

/** Training speed in pairs per second over all epochs; null for runs that train nothing. */
export function pairsPerSecond(run: RunFolder): number | null {
  const train = run.timings().filter((timing) => timing.name === "train");
  const seconds = train.reduce((sum, timing) => sum + timing.seconds, 0);
  return seconds > 0 ? train.reduce((sum, timing) => sum + (timing.count ?? 0), 0) / seconds : null;
}
