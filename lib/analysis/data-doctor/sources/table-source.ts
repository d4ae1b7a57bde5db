import { statSync } from "node:fs";
import path from "node:path";
import { csvLine } from "../../../datasets/csv.js";
import { mappingSchema } from "../../../datasets/importers/mapping-schema.js";
import { findTables, guessMapping } from "../../../datasets/init/guess-mapping.js";
import { peekTable } from "../../../datasets/init/peek-table.js";
import { parquetColumns, type TextColumns, writeParquet } from "../../../datasets/parquet.js";
import { listPartFiles, type PartLimits, readPartChunks } from "../../../datasets/part-files.js";
import { partOf, partWords } from "../../../datasets/part-names.js";
import { emptyReadReport } from "../../../datasets/read-report.js";
import { atomicWriteParts } from "../../../files/atomic-write.js";
import { DataError } from "../../../files/data-error.js";
import { emptyRecord } from "../../../files/own-entry.js";
import { UserError } from "../../../files/user-error.js";
import type { DocumentChunk, MendedRows, PairChunk, PairSource } from "./pair-source.js";

/** A table as the mapping says it is read. */
interface ReadTable {
  from: string;
  limits: PartLimits;
}

/**
 * A table, or a folder of tables, read as `qdrl init` reads it: the same guess of what its columns are, a column that says
 * train, validation or test, files whose names do, documents apart.
 *
 * @param chosen role → column, null = none; see guessColumns for the roles
 */
export async function tableSource(
  from: string,
  chosen: Readonly<Record<string, string | null>> = {},
): Promise<PairSource> {
  const tables = await findTables(from);
  const { mapping } = guessedMapping(tables, chosen);
  const { documents, pairs, evaluation, min_grade: minGrade } = mappingSchema.parse(mapping);
  if (pairs === null)
    throw new UserError(`${from}: must hold pairs of queries and documents, got documents alone`);
  const apart = tables.documents !== tables.pairs;
  const query = pairs.columns["query_search_phrase"]!;
  const { document_name: title, document_text: text } = documents.columns;
  const textColumns = [title, text].filter((name): name is string => name !== undefined);
  const ofTable = (table: {
    from: string;
    delimiter: string | null;
    quotes: boolean | null;
    encoding: "utf8" | "latin1" | null;
  }): ReadTable => ({
    from: path.resolve(table.from),
    limits: {
      ...(table.delimiter !== null && { delimiter: table.delimiter }),
      ...(table.quotes !== null && { quotes: table.quotes }),
      ...(table.encoding !== null && { encoding: table.encoding }),
    },
  });
  const asOne = (chunk: TextColumns) =>
    textColumns.length === 1
      ? chunk[title!]!
      : chunk[title!]!.map((name, row) => `${name} ${chunk[text!]![row]!}`.trim());
  const ownIds = apart || pairs.document_id !== title;

  async function* rows(
    table: ReadTable,
    judged: { document_id: string; grade: string | null },
    part: string | null,
    wanted: ((cell: string) => string | null | undefined) | null,
  ): AsyncGenerator<PairChunk> {
    const partColumn = wanted === null ? null : pairs!.part;
    const columns = [
      query,
      judged.document_id,
      ...(apart ? [] : textColumns),
      ...(judged.grade === null ? [] : [judged.grade]),
      ...(partColumn === null ? [] : [partColumn]),
    ];
    for (const file of filesOf(table.from))
      for await (const chunk of readPartChunks(file, columns, table.limits, emptyReadReport())) {
        const texts = apart ? null : asOne(chunk);
        const pick = (stay: readonly number[] | null, name: string | null): PairChunk => {
          const take = (cells: readonly string[]) => (stay === null ? cells : stay.map((i) => cells[i]!));
          return {
            part: name,
            queries: take(chunk[query]!),
            ids: ownIds ? take(chunk[judged.document_id]!) : null,
            texts: texts === null ? null : take(texts),
            grades: judged.grade === null ? null : Float32Array.from(take(chunk[judged.grade]!), Number),
          };
        };
        if (partColumn === null) yield pick(null, part);
        else {
          const byPart = new Map<string | null, number[]>();
          chunk[partColumn]!.forEach((cell, i) => {
            const name = wanted!(cell);
            if (name === undefined) return;
            const list = byPart.get(name);
            if (list === undefined) byPart.set(name, [i]);
            else list.push(i);
          });
          for (const [name, stay] of byPart) yield pick(stay, name);
        }
      }
  }

  const pairTable = ofTable(pairs);
  const sets = (evaluation ?? []).map((set) => ({ ...set, table: ofTable(set) }));
  const byColumn =
    pairs.part === null
      ? []
      : ["test", "validation"].filter((name) => !sets.some((set) => set.name === name));
  const heldOutPart = (cell: string) => {
    const part = partOf(cell);
    if (part === null)
      throw new DataError(
        `${from}: column "${pairs.part}": part must be one of ${partWords()}, got ${JSON.stringify(cell)}`,
      );
    return part === "training" ? undefined : part;
  };
  return {
    name: path.basename(path.resolve(from)),
    kind: apart ? "tables" : "table",
    dataset: null,
    minGrade,
    hasGrades: pairs.grade !== null,
    heldOut: [...sets.map(({ name }) => name), ...byColumn],
    async *documents(): AsyncGenerator<DocumentChunk> {
      if (!apart) return;
      const table = ofTable(documents);
      for (const file of filesOf(table.from))
        for await (const chunk of readPartChunks(
          file,
          [documents.id!, ...textColumns],
          table.limits,
          emptyReadReport(),
        ))
          yield { ids: chunk[documents.id!]!, texts: asOne(chunk) };
    },
    heldOutQueries: () => [],
    async *heldOutPairs(): AsyncGenerator<PairChunk> {
      for (const set of sets) yield* rows(set.table, set, set.name, null);
      if (pairs.part !== null) yield* rows(pairTable, pairs, null, heldOutPart);
    },
    trainingPairs: () =>
      pairs.part === null
        ? rows(pairTable, pairs, null, null)
        : rows(pairTable, pairs, null, (cell) => (heldOutPart(cell) === undefined ? null : undefined)),
    writeMended: (out, changes) =>
      writeMendedTable(
        pairTable,
        out,
        changes,
        pairs.part === null
          ? null
          : { column: pairs.part, isHeldOut: (cell) => heldOutPart(cell) !== undefined },
      ),
  };
}

/** What `init` would take the columns for; documents alone, which it can do with, are no pairs. */
function guessedMapping(
  tables: Awaited<ReturnType<typeof findTables>>,
  chosen: Readonly<Record<string, string | null>>,
): ReturnType<typeof guessMapping> {
  try {
    return guessMapping("doctor", tables, chosen, process.cwd());
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.message.replace(/, or search documents without labels by --no-labels$/, ""));
  }
}

function filesOf(from: string): string[] {
  return statSync(from).isDirectory() ? listPartFiles(from) : [from];
}

/** The table without some of its training rows, of the kind that the new name's ending says. */
async function writeMendedTable(
  { from, limits }: ReadTable,
  out: string,
  { keeps, rewrite }: MendedRows,
  parts: { column: string; isHeldOut: (cell: string) => boolean } | null,
): Promise<string> {
  const kind = path.extname(out).toLowerCase();
  if (![".csv", ".tsv", ".jsonl", ".parquet"].includes(kind))
    throw new UserError(`--mend: must end in .csv, .tsv, .jsonl or .parquet for a table, got "${out}"`);
  const kept: TextColumns = emptyRecord();
  let [row, rows, all] = [0, 0, 0];
  for (const file of filesOf(from)) {
    const names = await columnsOf(file);
    for await (const chunk of readPartChunks(file, names, limits, emptyReadReport())) {
      for (const name of names) kept[name] ??= [];
      for (let i = 0; i < chunk[names[0]!]!.length; i++) {
        all++;
        const isHeldOut = parts?.isHeldOut(chunk[parts.column]![i]!);
        if (!isHeldOut && !keeps(row++)) continue;
        rows++;
        for (const name of names) {
          const cell = chunk[name]![i]!;
          kept[name]!.push(rewrite === null ? cell : rewrite(cell));
        }
      }
    }
  }
  const names = Object.keys(kept);
  if (kind === ".parquet") writeParquet(out, kept);
  else atomicWriteParts(out, tableLines(names, kept, rows, kind));
  return `${out}: ${rows.toLocaleString("en")} of ${all.toLocaleString("en")} rows`;
}

function* tableLines(
  names: readonly string[],
  columns: TextColumns,
  rows: number,
  kind: string,
): Generator<string> {
  const delimiter = kind === ".tsv" ? "\t" : ",";
  // a cell of a .tsv file cannot hold a tab or a line break
  const cellOf = (cell: string) => (kind === ".tsv" ? cell.replace(/[\t\r\n]+/g, " ") : cell);
  const line = (cells: readonly string[]) =>
    kind === ".tsv" ? `${cells.map(cellOf).join("\t")}\n` : csvLine(cells, delimiter);
  if (kind !== ".jsonl") yield line(names);
  for (let row = 0; row < rows; row++) {
    const cells = names.map((name) => columns[name]![row]!);
    yield kind === ".jsonl"
      ? `${JSON.stringify(Object.fromEntries(names.map((name, i) => [name, cells[i]])))}\n`
      : line(cells);
  }
}

async function columnsOf(file: string): Promise<string[]> {
  return file.toLowerCase().endsWith(".parquet")
    ? parquetColumns(file)
    : Object.keys((await peekTable(file)).columns);
}
