import { spacedWords } from "../files/spaced-words.js";
import { plainTable, type Table } from "./table.js";

/** Counts by name as a table; names such as "trainingRows" are written as words. */
export function countTable(
  counts: Readonly<Record<string, number>>,
  options: { title?: string } = {},
): Table {
  return plainTable(
    ["", "count"],
    Object.entries(counts).map(([name, count]) => [spacedWords(name), count]),
    options,
  );
}
