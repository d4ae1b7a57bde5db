import type { Interval } from "../../metrics/bootstrap.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { ChangeRow } from "../../training/callbacks/evaluation.js";

type Row = ChangeRow & { beforeInterval?: Interval; afterInterval?: Interval; p?: number };

/** Quality before and after training, with relative change, as the fine-tuner printed it; of a fit's report with intervals and test. */
export function changesTable(changes: readonly Row[], title: string): Table {
  const tested = changes.some(({ p }) => p !== undefined);
  const cell = (value: number, interval: Interval | undefined) =>
    interval === undefined
      ? value.toFixed(3)
      : { text: value.toFixed(3), detail: `[${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]` };
  return plainTable(
    ["measure", "before", "after", "change", ...(tested ? ["p"] : [])],
    changes.map(({ measure, before, after, change, beforeInterval, afterInterval, p }) => [
      measure.replaceAll("_", " "),
      cell(before, beforeInterval),
      cell(after, afterInterval),
      Number.isFinite(change) ? `${change < 0 ? "" : "+"}${(100 * change).toFixed(1)} %` : "from 0",
      ...(tested ? [p?.toFixed(4) ?? ""] : []),
    ]),
    {
      title,
      ...(tested && { notes: ["95 % intervals over queries; p: paired randomisation test, not corrected."] }),
    },
  );
}
