import { plainTable, type Table, type TableCell } from "../reporting/table.js";
import { type RunEntry, type RunValue, runValue, type SettingDifference } from "./run-catalogue.js";

/** Columns of a list of runs where none are asked for; the first measures are added. */
const USUAL = ["system", "seed", "status", "started", "seconds"];
const MEASURES = 2;

/** The columns that say what and how good a list's runs are. */
export function usualColumns(entries: readonly RunEntry[]): string[] {
  const measures = [...new Set(entries.flatMap((entry) => Object.keys(entry.measures)))];
  return [...USUAL, ...measures.filter((name) => !name.includes("/")).slice(0, MEASURES)];
}

/** Runs in the order given, a column for each key. */
export function runsTable(entries: readonly RunEntry[], columns: readonly string[]): Table {
  const rows = entries.map((entry) => [
    entry.dir,
    ...columns.map((key) => cellOf(key, runValue(entry, key))),
  ]);
  const table = plainTable(["folder", ...columns], rows);
  return {
    ...table,
    columns: table.columns.map((column, i) => ({
      ...column,
      align:
        i > 0 && entries.some((entry) => typeof runValue(entry, columns[i - 1]!) === "number")
          ? "right"
          : "left",
    })),
  };
}

function cellOf(key: string, value: RunValue): TableCell {
  if (value === null) return { text: "" };
  if (key === "started") return { text: String(value).slice(0, 16).replace("T", " ") };
  if (typeof value !== "number" || Number.isInteger(value)) return { text: String(value) };
  return { text: key.includes("@") ? value.toFixed(3) : String(Number(value.toPrecision(4))) };
}

/** Settings in which runs differ, a column for each run. */
export function differencesTable(names: readonly string[], differences: readonly SettingDifference[]): Table {
  return plainTable(
    ["setting", ...names],
    differences.map(({ key, values }) => [
      key,
      ...values.map((value) => (value === undefined ? "—" : String(value))),
    ]),
  );
}
