import { ownEntry } from "../files/own-entry.js";
import type { ReadReport } from "./read-report.js";

/** A text cell whose bytes are not UTF-8. */
export const invalidText = Symbol("invalid UTF-8");

/**
 * One cell as text. Empty cells (null, absent, NaN) become "" and are counted, never the words "null" or "nan";
 * numbers, booleans and dates are written out and counted.
 *
 * @returns null if the cell cannot be text; {@link cellProblem} says why
 */
export function cellText(value: unknown, column: string, report: ReadReport): string | null {
  if (typeof value === "string") return value;
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) {
    report.nullCells[column] = (ownEntry(report.nullCells, column) ?? 0) + 1;
    return "";
  }
  const text = writtenOut(value);
  if (text !== null) report.convertedCells[column] = (ownEntry(report.convertedCells, column) ?? 0) + 1;
  return text;
}

function writtenOut(value: unknown): string | null {
  switch (typeof value) {
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return value instanceof Date ? value.toISOString() : null;
  }
}

/** Why {@link cellText} gave null. */
export function cellProblem(value: unknown, column: string): string {
  if (value === invalidText) return `column "${column}" must be UTF-8, got other bytes`;
  const kind = Array.isArray(value) ? "a list" : "an object";
  return `column "${column}" must be text or a number, got ${kind}`;
}
