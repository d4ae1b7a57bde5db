import { humanTime } from "../../reporting/human-numbers.js";
import { plainTable, type Table } from "../../reporting/table.js";
import type { Examination } from "../../runs/doctor/examine.js";

/** What `qdrl doctor` prints, as a table for notebooks. */
export function examinationTable({ findings, forecast }: Examination): Table {
  const rows = findings.map(({ check, outcome, detail }) => [check, outcome, detail]);
  const { steps, stepsPerSecond, seconds, peakBytes } = forecast;
  rows.push([
    "forecast",
    "",
    `${steps.toLocaleString("en")} steps at ${stepsPerSecond.toPrecision(2)}/s, ${humanTime(seconds)} without evaluation, about ${(peakBytes / 2 ** 20).toFixed(0)} MiB`,
  ]);
  return plainTable(["check", "outcome", "detail"], rows, { title: "Before training" });
}
