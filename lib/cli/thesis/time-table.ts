import { plainTable, type Table } from "../../reporting/table.js";
import type { RunFolder } from "../../training/run-folder.js";
import { humanTime } from "../terminal.js";
import type { SweepRuns } from "./sweep-runs.js";

/**
 * How long every sweep took: its runs' times together (from the start to the end of each), and from the first start to
 * the last end, which is what one waits for where several processes train at once and nothing comes between.
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

function times(run: RunFolder): { start: number; end: number } {
  const { startedAt, endedAt } = run.manifest();
  const start = Date.parse(startedAt);
  return { start, end: endedAt === null ? start : Date.parse(endedAt) };
}

function secondsTogether(runs: readonly RunFolder[]): number {
  return runs.map(times).reduce((sum, { start, end }) => sum + (end - start) / 1000, 0);
}

function secondsBetween(runs: readonly RunFolder[]): number {
  if (runs.length === 0) return 0;
  const all = runs.map(times);
  return (Math.max(...all.map(({ end }) => end)) - Math.min(...all.map(({ start }) => start))) / 1000;
}
