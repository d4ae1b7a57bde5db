import { UserError } from "../files/user-error.js";
import type { MadeFrom, NumberSource } from "./number-source.js";

/**
 * A table ready to be shown: what every renderer (HTML, Markdown, CSV, LaTeX, terminal) takes. Cells are text; what
 * they mean (best of a column, significantly better, …) is said by fields, and each renderer has its own way to show it.
 */
export interface Table {
  title?: string;
  columns: TableColumn[];
  rows: TableRow[];
  /** Lines under the table: what the marks mean, how intervals were computed. */
  notes?: string[];
  /** What the table can be made again from. */
  madeFrom?: MadeFrom;
}

export interface TableColumn {
  label: string;
  /** Second line of the heading, such as "946 queries". */
  detail?: string;
  align?: "left" | "right" | "center";
  /** What the column's values are, one sentence. */
  definition?: string;
}

export interface TableRow {
  cells: TableCell[];
  /** Anchor of the row in a page. */
  id?: string;
  /** A row that others are compared with. */
  emphasis?: "baseline";
}

export interface TableCell {
  text: string;
  /** Smaller second part: an interval, a note. */
  detail?: string;
  /** Difference to the baseline, with its sign. */
  delta?: string;
  /** Significance of the difference in `delta`, else in `text`: "better", "worse", or "same" where the test found none. */
  mark?: "better" | "worse" | "same";
  bold?: boolean;
  /** Not significantly different from the best of its column. */
  tiedWithBest?: boolean;
  /** Shown on hover where the medium allows. */
  hint?: string;
  /** Where its numbers come from. */
  source?: NumberSource;
  link?: string;
  /** Further links, shown small in a row. */
  links?: { text: string; link: string }[];
  /** Interval on the column's common scale, each in [0, 1]: drawn as a dot with whiskers where the medium allows. */
  strip?: { low: number; at: number; high: number };
  /** Counts drawn as a bar of three parts where the medium allows; `text` says them everywhere. */
  share?: { better: number; same: number; worse: number };
}

/** A table from plain rows: strings and numbers become cells; a column is right-aligned when all of its values are numbers. */
export function plainTable(
  labels: readonly string[],
  rows: readonly (readonly (string | number | TableCell)[])[],
  options: { title?: string; notes?: string[] } = {},
): Table {
  rows.forEach((row, index) => {
    if (row.length !== labels.length)
      throw new UserError(`plainTable: row ${index} must have ${labels.length} cells, got ${row.length}`);
  });
  const columns = labels.map((label, column): TableColumn => {
    const numeric = rows.length > 0 && rows.every((row) => typeof row[column] === "number");
    return { label, align: numeric ? "right" : "left" };
  });
  const cells = rows.map((row) => ({
    cells: row.map((value) => (typeof value === "object" ? value : { text: formatPlain(value) })),
  }));
  return { ...options, columns, rows: cells };
}

/** Numbers as people write them: thousands separated, at most four decimals; text as it is. */
function formatPlain(value: string | number): string {
  if (typeof value === "string") return value;
  return value.toLocaleString("en-US", { maximumFractionDigits: 4 });
}
