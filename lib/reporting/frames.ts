import type { DataFrame } from "danfojs-node";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { plainTable, type Table } from "./table.js";

type Value = string | number | boolean;

/**
 * Plain rows as a danfojs data frame, to look around in a notebook: sort, filter, group, head. Never for a number that
 * is reported: danfojs 1.2 computes wrong ones in silence (tests/reporting/frames.test.ts lists how), and its
 * arithmetic is float32.
 *
 * The faults that data can trigger are kept out at the door: every row must have the same columns, no value may be
 * missing (a group's mean counts it as 0), no column may mix types, and no text may hold "-" if it is to be grouped by
 * two columns, which this cannot know and does not check. Columns become properties of the frame, so none may be named
 * as one of its methods is.
 *
 * @throws UserError if there is no row, a row's columns differ from the first's, a value is missing or not finite, or
 *   danfojs-node is not installed
 * @throws TypeError if a column mixes types or holds objects
 */
export async function toFrame(rows: readonly Readonly<Record<string, Value>>[]): Promise<DataFrame> {
  if (rows.length === 0) throw new UserError("toFrame: rows must not be empty, got 0");
  const columns = Object.keys(rows[0]!);
  rows.forEach((row, index) => {
    checkRow(row, index, columns, rows[0]!);
  });
  const danfo = await import("danfojs-node").catch((error: Error) => {
    throw new UserError(
      `toFrame: danfojs-node must be installed (npm install danfojs-node), got ${error.message.split("\n")[0]}`,
    );
  });
  const hiding = columns.find((column) => Reflect.has(danfo.DataFrame.prototype, column));
  if (hiding !== undefined)
    throw new UserError(`toFrame: columns must not hide a method of the frame, got ${hiding}`);
  return new danfo.DataFrame(
    rows.map((row) => columns.map((column) => row[column]!)),
    { columns },
  );
}

/** What is read of a danfojs DataFrame or Series; a frame that a user made without {@link toFrame} is one too. */
export interface Frame {
  readonly values: unknown;
  readonly columns: string[];
  readonly index: readonly (string | number)[];
  readonly $isSeries: boolean;
}

/** Whether a value is a danfojs DataFrame or Series, without loading danfojs. */
export function isFrame(value: unknown): value is Frame {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { $isSeries?: unknown }).$isSeries === "boolean" &&
    Array.isArray((value as { values?: unknown }).values)
  );
}

/** A data frame as a table to show in full, its cells unshortened (danfojs's own print cuts numbers and texts). */
export function frameTable(frame: Frame, options: { title?: string } = {}): Table {
  const cell = (value: unknown) => (typeof value === "number" ? value : String(value));
  if (frame.$isSeries) {
    const values = frame.values as unknown[];
    return plainTable(
      ["", frame.columns[0] ?? "value"],
      values.map((value, i) => [String(frame.index[i]), cell(value)]),
      options,
    );
  }
  return plainTable(
    frame.columns,
    (frame.values as unknown[][]).map((row) => row.map(cell)),
    options,
  );
}

function checkRow(
  row: Readonly<Record<string, Value>>,
  index: number,
  columns: string[],
  first: Readonly<Record<string, Value>>,
): void {
  const own = Object.keys(row);
  if (own.length !== columns.length || own.some((column) => !columns.includes(column)))
    throw new UserError(
      `toFrame: row ${index} must have the columns ${columns.join(", ")}, got ${own.join(", ")}`,
    );
  for (const column of columns) {
    const value: unknown = ownEntry(row, column);
    const missing =
      value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value));
    if (missing)
      throw new UserError(`toFrame: ${column} of row ${index} must not be missing or infinite, got ${value}`);
    if (typeof value !== typeof first[column] || typeof value === "object")
      throw new UserError(
        `toFrame: ${column} must hold one type of plain value, got ${typeof first[column]} and, in row ${index}, ${typeof value}`,
      );
  }
}
