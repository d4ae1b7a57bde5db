import { secondsSpent } from "../../analysis/curves.js";
import { humanTime } from "../../reporting/human-numbers.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { SweepRuns } from "./sweep-runs.js";

/**
 * How long every sweep took: its runs' times together (training, validation, evaluation and checkpoints), and from the
 * first start to the last end, which is what one waits for where several processes train at once and nothing comes between.
 */
export function timeTable(
  sweeps: readonly { title: string; sweep: Pick<SweepRuns, "dataset" | "runs"> }[],
): Table {
  let total = 0;
  let waited = 0;
  const rows = sweeps.map(({ title, sweep }) => {
    const [together, between] = [secondsTogether(sweep.runs), secondsBetween(sweep.runs)];
    total += together;
    waited += between;
    const { length } = sweep.runs;
    return [title, sweep.dataset.name, String(length), humanTime(together), humanTime(between)];
  });
  const runs = sweeps.reduce((sum, { sweep }) => sum + sweep.runs.length, 0);
  return plainTable(
    ["sweep", "data set", "runs", "all runs' times together", "first start to last end"],
    [...rows, ["all", "", String(runs), humanTime(total), humanTime(waited)]],
  );
}

/** Seconds that a run took, and when it ended; the start in its manifest may be that of a training since repeated. */
function times(run: RunFolder): { seconds: number; end: number } {
  const seconds = Object.values(secondsSpent(run)).reduce((sum, part) => sum + part, 0);
  return { seconds, end: Date.parse(run.manifest().endedAt ?? "") / 1000 };
}

function secondsTogether(runs: readonly RunFolder[]): number {
  return runs.map(times).reduce((sum, { seconds }) => sum + seconds, 0);
}

function secondsBetween(runs: readonly RunFolder[]): number {
  if (runs.length === 0) return 0;
  const all = runs.map(times);
  return Math.max(...all.map(({ end }) => end)) - Math.min(...all.map(({ end, seconds }) => end - seconds));
}
