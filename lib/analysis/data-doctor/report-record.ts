import type { DataReport } from "./examine-data.js";
import { shareOf } from "./finding.js";

/** The report as it is written to JSON: rows to be dropped as their number. */
export function reportRecord(report: DataReport): object {
  const { findings, queue, ...said } = report;
  return {
    ...said,
    findings: findings.map(({ drop, add, queue: own, ...finding }) => ({
      ...finding,
      share: shareOf(finding),
      trainingRowsBlamed: drop?.length ?? 0,
      trainingRowsToAdd: add?.length ?? 0,
      queued: own?.length ?? 0,
    })),
    queue,
  };
}
