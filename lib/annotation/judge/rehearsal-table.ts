import { plainTable, type Table } from "../../reporting/table.js";
import type { RehearsedShare } from "./rehearse-runs.js";

/** What rehearsals came to: the interval at each look, how often it held what it should, and when sessions were decided. */
export function rehearsalTable(found: readonly RehearsedShare[]): Table {
  return plainTable(
    ["Random", "Labels", "Interval ±", "Error", "Holds the judge's", "Holds the truth", "Decided", "Wrong"],
    found.flatMap(({ random, looks, labels: ends, wrong }) =>
      looks.map(({ labels, half, rootMeanSquare, coversJudged, coversTruth }, i) => [
        random === 1 ? "all" : random.toFixed(2),
        String(labels),
        half.toFixed(3),
        rootMeanSquare.toFixed(3),
        percent(coversJudged),
        percent(coversTruth),
        percent(ends.filter((end) => end <= labels).length / ends.length),
        i === looks.length - 1 ? String(wrong) : "",
      ]),
    ),
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
