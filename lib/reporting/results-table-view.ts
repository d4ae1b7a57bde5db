import { cellSource, resultsSource } from "./results-source.js";
import type { ResultsCell, ResultsRow, ResultsTable } from "./results-table.js";
import type { Table, TableCell, TableColumn } from "./table.js";
import { csvLines } from "./table-csv.js";
import { tableHtml } from "./table-html.js";
import { tableLatex } from "./table-latex.js";
import { tableMarkdown } from "./table-markdown.js";
import { type TerminalLook, tableTerminal } from "./table-terminal.js";

/** The results as a table ready to be shown, with its marks explained in notes. */
export function resultsView(results: ResultsTable, options: { decimals?: number } = {}): Table {
  const decimals = options.decimals ?? 3;
  const columns: TableColumn[] = [
    { label: "System" },
    ...results.metrics.map(
      (label): TableColumn => ({ label, detail: queryCount(results, label), align: "right" }),
    ),
    { label: "Seeds", align: "right" },
  ];
  const scales = results.metrics.map((_, column) => columnScale(results, column));
  const rows = results.rows.map((row) => ({
    ...(row.isBaseline ? { emphasis: "baseline" as const } : {}),
    cells: [
      systemCell(row),
      ...row.cells.map((cell, column) => {
        const source = cell === null ? undefined : cellSource(results, row, column);
        return { ...resultCell(cell, scales[column]!, decimals), ...(source && { source }) };
      }),
      seedsCell(row),
    ],
  }));
  const title = results.title === undefined ? {} : { title: results.title };
  const madeFrom = decimals === 3 ? resultsSource(results) : undefined;
  return { ...title, columns, rows, notes: resultNotes(results), ...(madeFrom && { madeFrom }) };
}

/** The results table as HTML. */
export function resultsHtml(results: ResultsTable): string {
  return tableHtml(resultsView(results));
}

/** The results table as a Markdown pipe table. */
export function resultsMarkdown(results: ResultsTable): string {
  return tableMarkdown(resultsView(results));
}

/** The results table as a LaTeX table with booktabs rules. */
export function resultsLatex(results: ResultsTable, options: { label?: string } = {}): string {
  return tableLatex(resultsView(results), options);
}

/** The results table for a terminal. */
export function resultsTerminal(results: ResultsTable, look: TerminalLook = {}): string {
  return tableTerminal(resultsView(results), look);
}

/** The results as CSV in long form, one line per system and metric, numbers in full precision. */
export function resultsCsv(results: ResultsTable): string {
  const lines: (string | number | null)[][] = [];
  for (const row of results.rows)
    row.cells.forEach((cell, column) => {
      if (cell !== null) lines.push(Object.values(csvRecord(results, row, results.metrics[column]!, cell)));
    });
  const names = [
    ...["system", "metric", "mean", "low", "high", "level", "queries", "seeds", "seed_deviation", "baseline"],
    ...[
      "difference",
      "p",
      "adjusted_p",
      "effect_size",
      "detectable_difference",
      "mark",
      "best",
      "tied_with_best",
      "runs",
    ],
  ];
  return csvLines([names, ...lines]);
}

/** One line of the CSV, in the order of its columns. */
function csvRecord(results: ResultsTable, row: ResultsRow, metric: string, cell: ResultsCell) {
  const { mean, low, high, queries, seeds, seedDeviation, comparison, best, tiedWithBest } = cell;
  return {
    system: row.system,
    ...{
      metric,
      mean,
      low,
      high,
      level: results.level,
      queries,
      seeds,
      seedDeviation,
      baseline: results.baseline,
    },
    difference: comparison?.difference ?? null,
    p: comparison?.p ?? null,
    adjustedP: comparison?.adjustedP ?? null,
    effectSize: comparison?.effectSize ?? null,
    detectable: comparison?.detectable ?? null,
    mark: comparison?.mark ?? null,
    best: String(best),
    tiedWithBest: String(tiedWithBest),
    runs: row.runs.map((run) => run.dir).join(" "),
  };
}

/** A p value for reading: three decimals, "< .001" below that. */
export function formatP(p: number): string {
  return p < 0.001 ? "<\u00a0.001" : `=\u00a0${p.toFixed(3).replace(/^0/, "")}`;
}

/** A difference with its sign, "±0" when it rounds to nothing. */
export function formatDelta(difference: number, decimals: number): string {
  const digits = Math.abs(difference).toFixed(decimals);
  return Number(digits) === 0 ? `±${digits}` : (difference > 0 ? "+" : "−") + digits;
}

function systemCell(row: ResultsRow): TableCell {
  return {
    text: row.system,
    ...(row.description === undefined ? {} : { detail: row.description }),
    ...(row.runs.length > 0 ? { hint: row.runs.map((run) => run.dir).join("\n") } : {}),
  };
}

function seedsCell(row: ResultsRow): TableCell {
  const links = row.runs.flatMap(({ seed, link }) =>
    link === undefined ? [] : [{ text: `run ${seed}`, link }],
  );
  return {
    text: String(row.runs.length),
    hint: `seeds ${row.runs.map((run) => run.seed).join(", ")}`,
    ...(links.length === 0 ? {} : { links }),
  };
}

function resultCell(cell: ResultsCell | null, scale: (value: number) => number, decimals: number): TableCell {
  if (cell === null) return { text: "—", hint: "not measured" };
  const { comparison } = cell;
  return {
    text: cell.mean.toFixed(decimals),
    detail: `[${cell.low.toFixed(decimals)}, ${cell.high.toFixed(decimals)}]`,
    bold: cell.best,
    tiedWithBest: cell.tiedWithBest,
    hint: cellHint(cell),
    strip: { low: scale(cell.low), at: scale(cell.mean), high: scale(cell.high) },
    ...(comparison === null
      ? {}
      : { delta: formatDelta(comparison.difference, decimals), mark: comparison.mark }),
  };
}

function cellHint(cell: ResultsCell): string {
  const parts = [`${cell.queries} queries`, cell.seeds === 1 ? "1 seed" : `${cell.seeds} seeds`];
  if (cell.seedDeviation !== null) parts.push(`deviation between seeds ${cell.seedDeviation.toFixed(4)}`);
  if (cell.comparison !== null)
    parts.push(`p ${formatP(cell.comparison.p)}, corrected p ${formatP(cell.comparison.adjustedP)}`);
  const { effectSize, detectable } = cell.comparison ?? {};
  if (effectSize != null) parts.push(`effect size ${effectSize.toFixed(2)}`);
  if (detectable != null) parts.push(`smallest difference found with 80 % power ${detectable.toFixed(3)}`);
  return parts.join(" · ");
}

/** Maps a column's values onto [0, 1], from just below its lowest interval to just above its highest. */
function columnScale(results: ResultsTable, column: number): (value: number) => number {
  const cells = results.rows.flatMap((row) => row.cells[column] ?? []);
  const low = Math.min(...cells.map((cell) => cell.low));
  const high = Math.max(...cells.map((cell) => cell.high));
  const span = high - low;
  return (value) => (span > 0 ? 0.04 + (0.92 * (value - low)) / span : 0.5);
}

function queryCount(results: ResultsTable, metric: string): string {
  const column = results.metrics.indexOf(metric);
  const cell = results.rows.map((row) => row.cells[column]).find((found) => found != null);
  return cell == null ? "no queries" : `${cell.queries.toLocaleString("en-US")} queries`;
}

function resultNotes(results: ResultsTable): string[] {
  const cells = results.rows.flatMap((row) => row.cells.flatMap((cell) => cell ?? []));
  const hasSeveral = cells.some((cell) => cell.seeds > 1);
  const hasSingle = cells.some((cell) => cell.seeds === 1);
  const level = `${Math.round(results.level * 100)} % interval`;
  const bootstrap = `bootstrapped over queries (${results.resamples.toLocaleString("en-US")} resamples)`;
  const seeds = "for new seeds and new queries (analysis of variance)";
  const how = hasSeveral ? `${hasSingle ? `one seed: ${bootstrap}; several: ` : ""}${seeds}` : bootstrap;
  const notes = [`Mean over queries${hasSeveral ? " and seeds" : ""} with its ${level}, ${how}.`];
  if (results.rows.length > 1)
    notes.push("Bold: highest mean of the column. †: the test does not tell it from that one.");
  if (results.baseline !== null && results.comparisons > 0) {
    const test = testName(results.test, { hasSeveral, hasSingle });
    notes.push(
      `Differences are to ${results.baseline}. ▲ ▼: significant at ${results.alpha} in ${test}, Holm-corrected for the ` +
        `${results.comparisons} comparisons of this table.`,
    );
  }
  return notes;
}

/** How the differences of a table were tested, in words. */
function testName(
  choice: ResultsTable["test"],
  { hasSeveral, hasSingle }: { hasSeveral: boolean; hasSingle: boolean },
): string {
  if (choice === "t") return `a paired t-test over ${hasSeveral ? "seeds and queries" : "queries"}`;
  if (choice === "randomisation" && hasSeveral)
    return "a paired randomisation test of the means over seeds, which takes the seeds as given";
  if (!hasSeveral) return "a paired randomisation test";
  return `a paired ${hasSingle ? "test (randomisation; over seeds and queries, t, where there are several seeds)" : "t-test over seeds and queries"}`;
}
