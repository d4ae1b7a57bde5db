import { spreadsheetText } from "../files/spreadsheet-text.js";
import type { Table } from "./table.js";

/** A table as CSV (RFC 4180, CRLF): headings with their second line in brackets, then the cells' text;
 * details of cells and notes are left out. */
export function tableCsv(table: Table): string {
  return csvLines([
    table.columns.map(({ label, detail }) => (detail === undefined ? label : `${label} (${detail})`)),
    ...table.rows.map((row) => row.cells.map((cell) => cell.text)),
  ]);
}

/** Rows of fields as CSV: a field with a comma, quote or line break is quoted, quotes doubled; lines end in CRLF,
 * and no text begins as a formula does. */
export function csvLines(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => row.map(csvField).join(",") + "\r\n").join("");
}

function csvField(value: string | number | null): string {
  const text = value === null ? "" : typeof value === "number" ? `${value}` : spreadsheetText(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
