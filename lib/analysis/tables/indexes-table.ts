import type { IndexResult } from "../../evaluation/compare-indexes.js";
import { plainTable, type Table } from "../../reporting/table.js";

/** Indexes side by side, for notebooks. */
export function indexesTable(results: readonly IndexResult[], measure: string, k = 10): Table {
  const three = (value: number) => value.toFixed(3);
  return plainTable(
    ["index", `recall@${k} against exhaustive`, measure, "ms a query", "built in s", "MiB"],
    results.map(({ name, recall, quality, medianMs, buildSeconds, memoryBytes }) => [
      name,
      three(recall),
      `${three(quality.mean)} [${three(quality.low)}, ${three(quality.high)}]`,
      medianMs.toPrecision(2),
      buildSeconds.toPrecision(2),
      (memoryBytes / 2 ** 20).toFixed(1),
    ]),
    { title: "Search indexes" },
  );
}
