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
    {
      notes: found.flatMap(({ random, truth, judged, labels, looks }) => {
        const sorted = [...labels].sort((a, b) => a - b);
        const at = (share: number) => {
          const end = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
          return end === Number.POSITIVE_INFINITY ? `more than ${looks.at(-1)!.labels}` : String(end);
        };
        return [
          `Random ${random}: the difference is ${truth.toFixed(3)}, ${judged.toFixed(3)} by this judge; labels to decide: median ${at(0.5)}, quartiles ${at(0.25)} and ${at(0.75)}, of ${labels.length} sessions.`,
        ];
      }),
    },
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
