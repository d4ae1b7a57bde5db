import { plainTable, type Table, type TableCell } from "../../reporting/table.js";
import type { DataReport } from "./examine-data.js";
import { type DataFinding, shareOf } from "./finding.js";

const marks = { ok: "ok", look: "look", wrong: "WRONG" } as const;

/** One line a finding: what, how many, what it costs. */
export function findingsTable({ name, kind, counts, findings }: DataReport): Table {
  const number = (value: number) => value.toLocaleString("en");
  return plainTable(
    ["", "examination", "found", "count", "share"],
    findings.map((finding): (string | TableCell)[] => [
      { text: marks[finding.outcome], bold: finding.outcome === "wrong" },
      finding.name ?? finding.check,
      finding.what,
      { text: `${number(finding.count)} of ${number(finding.of)}`, hint: finding.unit },
      percent(shareOf(finding)),
    ]),
    {
      title: `${name} (${kind}): ${number(counts.trainingRows)} training rows, ${number(counts.heldOutRows)} held-out rows, ${number(counts.queries)} queries, ${number(counts.documents)} documents`,
    },
  );
}

/** What stands under the table in a terminal: of each finding that is no "ok" what it costs, what mends it, examples. */
export function findingLines(finding: DataFinding): string[] {
  const { cost, mend, examples, measured } = finding;
  return [
    `${finding.name ?? finding.check}: ${finding.what}`,
    ...examples.map((example) => `    ${example}`),
    ...(cost === null ? [] : [`  costs: ${cost}`]),
    ...(measured === undefined ? [] : [`  measured: ${measuredText(measured)}`]),
    ...(mend === null ? [] : [`  mend: ${mend.says}`]),
    ...(mend?.command === undefined ? [] : [`    ${mend.command}`]),
    ...(mend?.configuration === undefined ? [] : [`    ${mend.configuration}`]),
  ];
}

/** A finding's further figures. */
export function detailTable({ table }: DataFinding): Table | null {
  return table === undefined ? null : plainTable(table.columns, table.rows);
}

export function measuredText({
  measure,
  set,
  seeds,
  before,
  after,
  difference,
  low,
  high,
}: NonNullable<DataFinding["measured"]>): string {
  const signed = (value: number) => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(4)}`;
  return `trained without it, ${measure} on ${set} goes from ${before.toFixed(4)} to ${after.toFixed(4)}: ${signed(difference)} [${signed(low)}, ${signed(high)}] (${seeds} ${seeds === 1 ? "seed" : "seeds"})`;
}

/** Shares as a person reads them: 12 %, 1.2 %, .012 %. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0) return "0 %";
  return `${value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value.toPrecision(1)} %`;
}
