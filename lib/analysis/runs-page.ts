import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { htmlPage } from "../reporting/html-page.js";
import type { RunsData, ShownRun } from "../reporting/runs-block.js";
import { RunFolder } from "../tracking/run-folder.js";
import type { RunEntry } from "./run-catalogue.js";
import { usualColumns } from "./runs-table.js";

/** Points of a curve that a page carries. */
const MOST_POINTS = 150;

/**
 * What a page's list of runs shows.
 *
 * @param options.nameOf  what a run is called; default: its folder
 * @param options.served  whether the page is a server's, which can delete runs
 */
export function runsData(
  entries: readonly RunEntry[],
  options: { nameOf?: (entry: RunEntry) => string; served?: boolean } = {},
): RunsData {
  const { nameOf = ({ dir }) => dir, served = false } = options;
  const runs = entries.map((entry): ShownRun => {
    const { facts, settings, measures } = entry;
    return { name: nameOf(entry), facts, settings, measures, curves: curvesOf(entry.dir) };
  });
  return { runs, columns: usualColumns(entries), ...(served && { served }) };
}

/** What a run measured during training, by name; long curves have some of their points, the last among them. */
function curvesOf(dir: string): ShownRun["curves"] {
  const curves: ShownRun["curves"] = emptyRecord();
  for (const { name, step, value } of new RunFolder(dir).metrics()) {
    const curve = ownEntry(curves, name) ?? { step: [], value: [] };
    curves[name] = curve;
    curve.step.push(step);
    curve.value.push(Number(value.toPrecision(5)));
  }
  return Object.fromEntries(
    Object.entries(curves)
      .filter(([, { step }]) => step.length > 1)
      .sort(([a], [b]) => Number(!a.startsWith("AverageLoss")) - Number(!b.startsWith("AverageLoss")))
      .map(([name, { step, value }]) => {
        const every = Math.ceil(step.length / MOST_POINTS);
        const kept = (_: number, i: number) => (step.length - 1 - i) % every === 0;
        return [name, { step: step.filter(kept), value: value.filter(kept) }];
      }),
  );
}

/** A page about runs: their list, the settings in which they differ, their curves, a sweep's settings against its measures. */
export function runsPage(entries: readonly RunEntry[], options: Parameters<typeof runsData>[1] = {}): string {
  return htmlPage({
    title: "Runs",
    eyebrow: "qdrl runs",
    question: "What was set, and what did it bring?",
    answer: [],
    sections: [
      {
        title: "Runs",
        intro: RUNS_INTRO,
        blocks: [{ kind: "runs", runs: runsData(entries, options) }],
      },
    ],
    sources: [],
  });
}

/** What the section of runs says of itself. */
export const RUNS_INTRO =
  "Filter by words or by KEY>VALUE, sort by a column; settings and curves are those of the chosen runs. Measures are means over the queries of a run's first evaluation set, /0.5 with typos.";
