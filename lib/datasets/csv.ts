import { DataError } from "../files/data-error.js";
import { type Line, readLines } from "../files/lines.js";
import { cellText } from "./cells.js";
import { ChunkCollector } from "./chunk-collector.js";
import type { TextColumns } from "./parquet.js";
import { countMalformed, emptyReadReport, type ReadLimits, type ReadReport } from "./read-report.js";

/** How the cells of a text file are delimited and quoted. */
export interface CsvDialect {
  /** Default "," — and a tab for files that end in .tsv. */
  delimiter?: string;
  /**
   * Whether `"` at the start of a cell quotes it. Default true, but false for files that end in .tsv: most of them do not
   * quote, and one cell that begins with a quote would swallow rows. Cells that look quoted there are counted.
   */
  quotes?: boolean;
  /** Default "utf8". */
  encoding?: "utf8" | "latin1";
}

export interface CsvOptions extends ReadLimits, CsvDialect {
  /** Names of the columns for a file without header line; null = the first record has them. Default null. */
  header?: readonly string[] | null;
  /** Lines that one record may span before its quote counts as never closed. Default 1000. */
  maxRecordLines?: number;
}

/**
 * What `convert` makes of the cells of each record after the header (RFC 4180: cells in double quotes may hold
 * delimiters, line breaks and doubled quotes; a quote inside an unquoted cell is itself). Blank lines between records
 * are passed over.
 *
 * A record with too few or too many cells, a quote that is never closed, text after a closing quote or bytes that are
 * not UTF-8 is malformed and left out; reading goes on with the line after it began. So is one for which `convert` gives
 * a text (why it cannot be used).
 *
 * @param onHeader called with the column names before the first record
 * @throws DataError if the file cannot be read, has no header, or more records are malformed than allowed
 */
export function* csvRows<T extends object>(
  file: string,
  report: ReadReport,
  options: CsvOptions,
  convert: (cells: readonly string[], line: number) => T | string,
  onHeader: (names: readonly string[]) => void = () => {},
): Generator<T> {
  const maxRows = options.maxRows ?? Number.POSITIVE_INFINITY;
  let names = options.header ?? null;
  if (names !== null) onHeader(names);
  let rows = 0;
  const guessed = options.quotes === undefined && !dialectOf(file, options).quotes;
  for (const { line, cells, problem } of readRecords(file, options)) {
    if (guessed && cells?.some((cell) => cell.startsWith('"'))) report.unreadQuotes++;
    if (cells !== null && names === null) {
      names = checkHeader(file, line, cells);
      onHeader(names);
      continue;
    }
    if (names === null) throw new DataError(`${file}:${line}: header must name the columns, got: ${problem}`);
    if (rows >= maxRows) break;
    const row =
      cells === null
        ? problem
        : cells.length === names.length
          ? convert(cells, line)
          : `record must have ${names.length} cells as the header, got ${cells.length}`;
    if (typeof row === "string") {
      countMalformed(report, { file, line, reason: row }, options);
      continue;
    }
    rows++;
    report.rows++;
    yield row;
  }
  if (names === null) throw new DataError(`${file}: file must have a header line, got an empty file`);
}

/**
 * The wanted columns of a CSV file (.tsv: tab-separated) as text.
 *
 * @param columns wanted, all if null
 * @throws DataError as {@link forEachCsvRecord}, and if a wanted column is not in the header
 */
export function readCsv(
  file: string,
  columns: readonly string[] | null = null,
  options: CsvOptions = {},
): { columns: TextColumns; report: ReadReport } {
  const report = emptyReadReport();
  let all: TextColumns = {};
  for (const chunk of csvChunks(file, columns, options, report, Number.POSITIVE_INFINITY)) all = chunk;
  return { columns: all, report };
}

/** {@link readCsv} in chunks of at most `chunkRows` rows; at least one chunk, which may be empty. */
export function* csvChunks(
  file: string,
  columns: readonly string[] | null,
  options: CsvOptions,
  report: ReadReport,
  chunkRows: number,
): Generator<TextColumns> {
  let names: string[] = [];
  let indices: number[] = [];
  const onHeader = (header: readonly string[]) => {
    names = columns === null ? [...header] : [...new Set(columns)];
    indices = names.map((name) => header.indexOf(name));
    const missing = indices.indexOf(-1);
    if (missing !== -1)
      throw new DataError(
        `${file}: column "${names[missing]}" must be present, got columns ${header.join(", ")}`,
      );
  };
  const rows = csvRows(file, report, options, (cells) => cells as string[], onHeader);
  const collector = new ChunkCollector(chunkRows);
  for (const cells of rows) {
    const full = collector.add(
      names,
      indices.map((index, i) => cellText(cells[index] || null, names[i]!, report)!),
    );
    if (full !== null) yield full;
  }
  yield collector.rest(names);
}

/**
 * Cells of the first record that is well formed, for files whose width is not known before.
 *
 * @throws DataError if the file cannot be read or has no such record
 */
export function firstCsvRecord(file: string, options: CsvOptions = {}): readonly string[] {
  for (const { cells } of readRecords(file, options)) if (cells !== null) return cells;
  throw new DataError(`${file}: file must have a record, got none`);
}

/** What holds for a file where nothing is said. */
function dialectOf(file: string, options: CsvDialect): { delimiter: string; quotes: boolean } {
  const tabs = file.toLowerCase().endsWith(".tsv");
  return { delimiter: options.delimiter ?? (tabs ? "\t" : ","), quotes: options.quotes ?? !tabs };
}

interface CsvRecord {
  line: number;
  cells: string[] | null;
  problem: string;
}

/** Records of the file; lines swallowed by a quote that never closes are read again on their own. */
function* readRecords(file: string, options: CsvOptions): Generator<CsvRecord> {
  const { delimiter, quotes } = dialectOf(file, options);
  const maxLines = options.maxRecordLines ?? 1000;
  const source = readLines(file, { encoding: options.encoding ?? "utf8" });
  let waiting: Line[] = [];
  const next = (): Line | null => waiting.shift() ?? source.next().value ?? null;
  try {
    for (let line = next(); line !== null; line = next()) {
      if (line.text === null) yield { line: line.number, cells: null, problem: line.problem };
      if (line.text === null || line.text === "") continue;
      if (!quotes || !line.text.includes('"')) {
        yield { line: line.number, cells: line.text.split(delimiter), problem: "" };
        continue;
      }
      const parser = new QuotedRecord(delimiter);
      const held: Line[] = [];
      let state = parser.feed(line.text);
      while (state === "open" && held.length < maxLines) {
        const more = next();
        if (more === null) break;
        held.push(more);
        state = more.text === null ? more.problem : parser.feed(`\n${more.text}`);
      }
      if (state === "open") state = `quote must be closed within ${maxLines} lines, got none`;
      if (state === "") yield { line: line.number, cells: parser.cells, problem: "" };
      else {
        yield { line: line.number, cells: null, problem: state };
        waiting = [...held, ...waiting];
      }
    }
  } finally {
    source.return(undefined);
  }
}

/** Parses one record that may go over several lines. */
class QuotedRecord {
  readonly cells: string[] = [];
  private cell = "";
  private inQuotes = false;

  constructor(private readonly delimiter: string) {}

  /** @returns "" when the record is complete, "open" inside a quoted cell, else what is wrong */
  feed(text: string): string {
    let at = 0;
    for (;;) {
      if (!this.inQuotes) {
        if (text[at] !== '"') {
          const end = text.indexOf(this.delimiter, at);
          this.cells.push(text.slice(at, end === -1 ? text.length : end));
          if (end === -1) return "";
          at = end + this.delimiter.length;
          continue;
        }
        this.inQuotes = true;
        this.cell = "";
        at++;
      }
      const quote = text.indexOf('"', at);
      this.cell += text.slice(at, quote === -1 ? text.length : quote);
      if (quote === -1) return "open";
      at = quote + 1;
      if (text[at] === '"') {
        this.cell += '"';
        at++;
        continue;
      }
      this.inQuotes = false;
      this.cells.push(this.cell);
      if (at === text.length) return "";
      if (!text.startsWith(this.delimiter, at))
        return `a closing quote must be followed by the delimiter or the line's end, got ${JSON.stringify(text.slice(at, at + 10))}`;
      at += this.delimiter.length;
    }
  }
}

function checkHeader(file: string, line: number, cells: readonly string[]): string[] {
  const names = cells.map((name) => name.trim());
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new DataError(`${file}:${line}: header must name each column once, got "${repeated}" twice`);
  return names;
}

/** One record as a line of CSV: cells with a delimiter, a quote or a line break are quoted. */
export function csvLine(cells: readonly string[], delimiter = ","): string {
  const quoted = cells.map((cell) =>
    cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${quoted.join(delimiter)}\n`;
}
