import { ownEntry } from "../../files/own-entry.js";

/** Columns that tell a judge nothing, or are shown as a picture. */
const HIDDEN = ["document_id", "document_picture"];

/** Rows that are looked at. */
const LOOKED_AT = 200;

/**
 * The columns of documents that a judge is shown where nobody says which: the name as heading, then all others but ids,
 * pictures, and those that are mostly the name with another column's text behind it.
 */
export function shownFields(
  items: readonly Readonly<Record<string, string>>[],
  rows: readonly number[],
): string[] {
  const looked = rows.slice(0, LOOKED_AT).map((row) => items[row]!);
  const columns = [...new Set(looked.flatMap(Object.keys))].filter((column) => !HIDDEN.includes(column));
  const heading = columns.includes("document_name") ? "document_name" : columns[0];
  if (heading === undefined) return ["document_id"];
  const repeats = (column: string) => {
    const filled = looked.filter((item) => ownEntry(item, column));
    const again = filled.filter((item) => {
      const text = item[column]!;
      const name = ownEntry(item, heading) ?? "";
      const rest = text.slice(name.length).trim();
      return (
        name !== "" &&
        text.startsWith(name) &&
        columns.some(
          (other) => other !== column && other !== heading && ownEntry(item, other)?.trim() === rest,
        )
      );
    });
    return filled.length > 0 && again.length * 2 > filled.length;
  };
  return [heading, ...columns.filter((column) => column !== heading && !repeats(column))];
}
