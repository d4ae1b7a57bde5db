import { UserError } from "../../files/user-error.js";
import type { ResultsCell, ResultsTable } from "../../reporting/results-table.js";
import type { Table, TableCell, TableColumn } from "../../reporting/table.js";
import { type PublishedTable, THESIS_METRICS } from "./thesis-tables.js";

/** Our results on one data set, rows named as in the published table (more rows are shown below its). */
export interface OurResults {
  dataset: string;
  results: ResultsTable;
}

/**
 * The published table beside ours: for every measure the published value, then ours with its interval for every data
 * set. Rows that were not published, or not run by us, show a dash. The best of each column is bold.
 *
 * @param metrics  which of the published measures, default Recall@10, Recall@100 and MRR@10
 */
export function sideBySide(
  published: PublishedTable,
  ours: readonly OurResults[],
  metrics: readonly string[] = ["Recall@10", "Recall@100", "MRR@10"],
): Table {
  const names = [...new Set([...published.rows.map((row) => row.name), ...ours.flatMap(systemNames)])];
  const columns: TableColumn[] = [{ label: "" }];
  const cells: TableCell[][] = names.map((text) => [{ text }]);
  for (const metric of metrics) {
    const printed = names.map((name) => publishedValue(published, name, metric));
    addColumn(columns, cells, { label: metric, detail: "thesis" }, printed.map(printedCell), printed);
    for (const { dataset, results } of ours) {
      const found = names.map((name) => ourCell(results, name, metric));
      const means = found.map((cell) => cell?.mean ?? null);
      addColumn(columns, cells, { label: metric, detail: dataset }, found.map(measuredCell), means);
    }
  }
  return {
    title: `Table ${published.number}: ${published.title}`,
    columns,
    rows: cells.map((row) => ({ cells: row })),
    notes: [
      "thesis: as published, one run, no uncertainty, another data set; compare the order of rows, not the values. " +
        `${ours.map(({ dataset }) => dataset).join(", ")}: measured here, with 95 % intervals. Bold: highest of the column.`,
    ],
  };
}

/** How far our rows are in the published order. */
export interface ShapeAgreement {
  bestPublished: string;
  bestOurs: string;
  /** Pairs of rows that differ in the published table and were measured. */
  pairs: number;
  /** Pairs in the published order. */
  agreeing: number;
  /** Pairs in the opposite order with intervals that do not overlap. */
  reversed: [string, string][];
}

/**
 * Compares the order of rows by one measure. Rows measured by one side only are left out.
 *
 * @throws RangeError if fewer than two rows were measured by both
 */
export function shapeAgreement(
  published: PublishedTable,
  results: ResultsTable,
  metric: string,
): ShapeAgreement {
  const rows = published.rows.flatMap(({ name }) => {
    const ours = ourCell(results, name, metric);
    return ours === null ? [] : [{ name, printed: publishedValue(published, name, metric)!, ours }];
  });
  if (rows.length < 2)
    throw new UserError(
      `shapeAgreement: both tables must share at least 2 rows with ${metric}, got ${rows.length}`,
    );
  let pairs = 0;
  let agreeing = 0;
  const reversed: [string, string][] = [];
  rows.forEach((x, i) => {
    for (const y of rows.slice(i + 1)) {
      if (x.printed === y.printed) continue;
      const [better, worse] = x.printed > y.printed ? [x, y] : [y, x];
      pairs++;
      if (better.ours.mean > worse.ours.mean) agreeing++;
      else if (better.ours.high < worse.ours.low) reversed.push([better.name, worse.name]);
    }
  });
  const top = (value: (row: (typeof rows)[number]) => number): string =>
    rows.reduce((best, row) => (value(row) > value(best) ? row : best)).name;
  return {
    bestPublished: top((row) => row.printed),
    bestOurs: top((row) => row.ours.mean),
    pairs,
    agreeing,
    reversed,
  };
}

/** {@link shapeAgreement} as one sentence. */
export function shapeSentence(agreement: ShapeAgreement, dataset: string): string {
  const { bestPublished, bestOurs, pairs, agreeing, reversed } = agreement;
  const best =
    bestPublished === bestOurs
      ? `the best row is ${bestOurs}, as in the thesis`
      : `the best row is ${bestOurs} (thesis: ${bestPublished})`;
  if (pairs === 1) {
    const order =
      agreeing === 1
        ? "as in the thesis"
        : reversed.length === 1
          ? "against the thesis"
          : "the intervals overlap";
    return `${dataset}: ${bestOurs} is ahead, ${order}.`;
  }
  const order = `${agreeing} of ${pairs} pairs of rows are in the thesis' order`;
  const names = reversed.map(([better, worse]) => `${worse} above ${better}`).join("; ");
  const clearly = reversed.length === 0 ? "none is clearly reversed" : `clearly reversed: ${names}`;
  return `${dataset}: ${best}; ${order}, ${clearly}.`;
}

function systemNames({ results }: OurResults): string[] {
  return results.rows.map((row) => row.system);
}

function publishedValue(published: PublishedTable, name: string, metric: string): number | null {
  const column = (THESIS_METRICS as readonly string[]).indexOf(metric);
  return published.rows.find((row) => row.name === name)?.values[column] ?? null;
}

function ourCell(results: ResultsTable, name: string, metric: string): ResultsCell | null {
  const column = results.metrics.indexOf(metric);
  return results.rows.find((row) => row.system === name)?.cells[column] ?? null;
}

function addColumn(
  columns: TableColumn[],
  rows: TableCell[][],
  column: TableColumn,
  cells: TableCell[],
  values: (number | null)[],
): void {
  columns.push({ ...column, align: "right" });
  const present = values.flatMap((value) => value ?? []);
  const best = present.length > 1 ? Math.max(...present) : null;
  cells.forEach((cell, i) => {
    rows[i]!.push({ ...cell, bold: best !== null && values[i] === best });
  });
}

function printedCell(value: number | null): TableCell {
  return value === null ? { text: "—", hint: "not in the thesis" } : { text: value.toFixed(3) };
}

function measuredCell(cell: ResultsCell | null): TableCell {
  if (cell === null) return { text: "—", hint: "not measured here" };
  const seeds = cell.seeds === 1 ? "1 seed" : `${cell.seeds} seeds`;
  return {
    text: cell.mean.toFixed(3),
    detail: `[${cell.low.toFixed(3)}, ${cell.high.toFixed(3)}]`,
    hint: `${cell.queries.toLocaleString("en-US")} queries, ${seeds}`,
  };
}
