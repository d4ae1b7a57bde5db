import { plainTable, type Table } from "./table.js";

/** Counts by name as a table; names such as "trainingRows" are written as words. */
export function countTable(
  counts: Readonly<Record<string, number>>,
  options: { title?: string } = {},
): Table {
  return plainTable(
    ["", "count"],
    Object.entries(counts).map(([name, count]) => [wordsOf(name), count]),
    options,
  );
}

/** "trainingRows" as "training rows"; text with spaces as it is. */
export function wordsOf(name: string): string {
  return name.replace(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}
