import { plainTable, type Table } from "../reporting/table.js";
import type { ChangeRow } from "../training/callbacks/evaluation.js";

/** Quality before and after training, with relative change, as the fine-tuner printed it. */
export function changesTable(changes: readonly ChangeRow[], title: string): Table {
  return plainTable(
    ["measure", "before", "after", "change"],
    changes.map(({ measure, before, after, change }) => [
      measure.replaceAll("_", " "),
      before.toFixed(3),
      after.toFixed(3),
      Number.isFinite(change) ? `${change < 0 ? "" : "+"}${(100 * change).toFixed(1)} %` : "from 0",
    ]),
    { title },
  );
}
