import { pickThreshold, type ThresholdPoint, thresholdCurve } from "../../evaluation/threshold-curve.js";
import { intervalCurve } from "../../reporting/figures/interval-curve.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { SavedThreshold } from "../../retrieval/retrievers/saved-threshold.js";
import type { QueryResult, RunFolder } from "../../tracking/run-folder.js";

export interface ThresholdView {
  answer: string;
  /** The threshold picked, on clean and on misspelled queries of the other half. */
  table: Table;
  /** Share of right answers among those given, against the threshold. */
  figure: Figure;
}

/**
 * Section 4.6.3: which cosine threshold leaves the wanted share of first results right on misspelled queries, and what it
 * costs. Picked on every other query, reported on the rest.
 *
 * @param options.typo  a probability that the run was evaluated at
 */
export function thresholdView(
  run: RunFolder,
  options: { set: string; typo: number; wantedRight: number },
): ThresholdView {
  const { set, typo, wantedRight } = options;
  const ofSet = run.queries().filter((result) => result.set === set);
  const half = (results: readonly QueryResult[], parity: number) =>
    results.filter((_, i) => i % 2 === parity);
  const clean = ofSet.filter((result) => result.typo === 0);
  const misspelled = ofSet.filter((result) => result.typo === typo);
  const picked = pickThreshold(thresholdCurve(half(misspelled, 0)), wantedRight);
  const thresholds = [0, ...(picked === null ? [] : [picked.threshold])];
  const rows = [
    { name: "clean", results: half(clean, 1) },
    { name: `typo probability ${typo}`, results: half(misspelled, 1) },
  ].flatMap(({ name, results }) =>
    thresholdCurve(results, thresholds).map((point) => [
      name,
      point.threshold.toFixed(2),
      percent(point.answered),
      percent(point.right),
    ]),
  );
  const line = (name: string, results: readonly QueryResult[], value: (point: ThresholdPoint) => number) => ({
    name,
    points: thresholdCurve(results)
      .filter((point) => point.answered > 0.01)
      .map((point) => ({ x: point.threshold, mean: value(point) })),
  });
  return {
    answer: sentence(picked, wantedRight, typo, half(misspelled, 1)),
    table: plainTable(["queries", "threshold", "answered", "right among answered"], rows),
    figure: intervalCurve(
      [
        line("right among answered, clean", clean, (point) => point.right),
        line("right among answered, misspelled", misspelled, (point) => point.right),
        line("answered, clean", clean, (point) => point.answered),
        line("answered, misspelled", misspelled, (point) => point.answered),
      ],
      { xTitle: "cosine threshold", yTitle: "share of queries", ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
    ),
  };
}

function sentence(
  picked: ThresholdPoint | null,
  wantedRight: number,
  typo: number,
  others: readonly QueryResult[],
): string {
  const wanted = `${percent(wantedRight)} right first results at typo probability ${typo}`;
  if (picked === null) return `No threshold gives ${wanted}.`;
  const [without, held] = thresholdCurve(others, [0, picked.threshold]);
  return (
    `Threshold ${picked.threshold.toFixed(2)}, picked for ${wanted} on one half of the queries, gives ${percent(held!.right)} on the ` +
    `other, where it answers ${percent(held!.answered)}; without it ${percent(without!.right)} of first results are right.`
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A threshold chosen on validation data, in words. */
export function thresholdSaved(saved: SavedThreshold | null): string {
  if (saved === null) return "No score meets the criterion on the validation data; nothing was saved.";
  const { criterion, threshold, queries, typos, answers, precision, recall, silent } = saved;
  const wanted = criterion.kind === "f1" ? "the best F1" : `a precision of ${percent(criterion.target)}`;
  return (
    `Threshold ${threshold.toFixed(2)} gives ${wanted} on ${queries} validation queries at typo probability ${typos.join(" and ")}: ` +
    `of the first ${answers} answers at or above it ${percent(precision)} are relevant, ${percent(recall)} of all relevant documents ` +
    `are among them, and ${percent(silent)} of the queries get no answer.`
  );
}
