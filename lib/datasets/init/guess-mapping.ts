import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { DataError } from "../../files/data-error.js";
import { layout } from "../dataset-layout.js";
import type { MappedTable, mappingSchema } from "../importers/mapping-schema.js";
import type { TextColumns } from "../parquet.js";
import { partInName } from "../part-names.js";
import {
  type ColumnGuess,
  chooseColumns,
  columnRoles,
  furtherTexts,
  guessColumns,
  guessMinGrade,
} from "./guess-columns.js";
import { type PeekedTable, peekTable } from "./peek-table.js";

/** Roles of columns in a table of documents alone. */
export const documentRoles = columnRoles.filter(
  (role) => !["part", "grade", "query", "slice"].includes(role),
);

/** Tables of a source: one that holds queries and documents, or documents apart. */
export interface SourceTables {
  pairs: PeekedTable;
  /** The same object as `pairs` where documents stand in the same rows. */
  documents: PeekedTable;
  /** Files beside the pairs whose names say that they are for tests. */
  tests: PeekedTable[];
}

export type MappingInput = z.input<typeof mappingSchema>;

/**
 * Finds out what a file or folder holds. Files of a folder with the same columns are one table, but those whose names
 * mention a test part (`test.csv`, `dev.jsonl`) beside one that mentions training are evaluation sets.
 *
 * @throws DataError in one line for what no search can be made of
 */
export async function findTables(from: string): Promise<SourceTables> {
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new DataError(`${from}: must exist, found nothing there`);
  if (!isFolder) {
    const table = await peekTable(from);
    return { pairs: table, documents: table, tests: [] };
  }
  if (existsSync(path.join(from, layout.items)))
    throw new DataError(`${from}: is a data set already; a configuration names it as dataset_dir`);
  const tables = await tablesOf(from);
  const key = ({ columns }: PeekedTable) => JSON.stringify(Object.keys(columns).sort());
  const kinds = [...new Set(tables.map(key))].map((one) => tables.filter((table) => key(table) === one));
  if (kinds.length === 1) {
    const { table, tests } = oneTable(from, kinds[0]!);
    return { pairs: table, documents: table, tests };
  }
  const asked = kinds.filter(
    ([table]) => guessColumns(table!.columns).query !== undefined && idOf(table!) !== null,
  );
  for (const kind of asked) {
    const documents = kinds.filter((other) => other !== kind && joins(kind[0]!, other[0]!));
    if (documents.length !== 1) continue;
    const { table, tests } = oneTable(from, kind);
    return { pairs: table, documents: oneTable(from, documents[0]!).table, tests };
  }
  const held = kinds.map(
    ([table]) => `${path.basename(table!.from)} (${Object.keys(table!.columns).join(", ")})`,
  );
  throw new DataError(
    `${from}: must hold one kind of table, or pairs and documents that share an id column, got ${held.join("; ")}`,
  );
}

/** The mapping that brings the tables into the layout, with paths from `base`. */
export function guessMapping(
  name: string,
  { pairs, documents, tests }: SourceTables,
  chosen: Readonly<Record<string, string | null>>,
  base: string,
): { mapping: MappingInput; roles: ColumnGuess; furtherColumns: string[] } {
  const own = pairs === documents;
  const all = own ? pairs.columns : { ...documents.columns, ...pairs.columns };
  const asked = chooseColumns(all, chosen);
  const ofPairs = own ? asked : guessColumns(pairs.columns);
  const ofDocuments = own ? asked : guessColumns(documents.columns, documentRoles);
  const take = (role: keyof ColumnGuess, from: ColumnGuess) =>
    Object.hasOwn(chosen, role) ? asked[role] : from[role];
  const roles: ColumnGuess = {};
  const set = (role: keyof ColumnGuess, column: string | undefined) => {
    if (column !== undefined) roles[role] = column;
  };
  for (const role of ["part", "grade", "query", "slice"] as const) set(role, take(role, ofPairs));
  for (const role of ["title", "text", "category", "picture"] as const) set(role, take(role, ofDocuments));
  const shared = own ? take("id", asked) : (take("id", ofDocuments) ?? undefined);
  const { query } = roles;
  const title = roles.title ?? roles.text;
  const where = `${pairs.from}${own ? "" : ` and ${documents.from}`}`;
  if (query === undefined || title === undefined)
    throw new DataError(
      `${where}: needs a column of search phrases and one of document titles or texts, got ${Object.keys(all).join(", ")}; say which with --column query=NAME --column title=NAME, or search documents without labels by --no-labels`,
    );
  if (roles.title === undefined) roles.title = title;
  if (roles.text === roles.title) delete roles.text;
  const id = shared ?? title;
  if (shared !== undefined) roles.id = shared;
  const pairId = own ? id : joiningColumn(pairs.columns, documents.columns, id);
  const further = furtherTexts(documents.columns, { ...roles, id }).filter(
    (column) => own || column !== pairId,
  );
  const relative = (file: string) => path.relative(base, file).split(path.sep).join("/") || ".";
  const table = (source: PeekedTable) => ({ from: relative(source.from), ...source.dialect });
  const judgements = {
    document_id: pairId,
    columns: { query_search_phrase: query },
    ...(roles.grade !== undefined && { grade: roles.grade }),
    ...(roles.slice !== undefined && { slice: roles.slice }),
  };
  const mapping: MappingInput = {
    name,
    documents: {
      ...table(documents),
      id,
      columns: documentColumns(roles, documents.columns, further),
      ...(roles.picture !== undefined && {
        pictures: { document_picture: relative(pictureFolder(documents, roles.picture)) },
      }),
    },
    pairs: { ...table(pairs), ...judgements, ...(roles.part !== undefined && { part: roles.part }) },
    ...(tests.length > 0 && {
      evaluation: tests.map((test) => ({ name: setName(test.from), ...table(test), ...judgements })),
    }),
    ...(roles.grade !== undefined && { min_grade: guessMinGrade(pairs.columns[roles.grade]!) }),
    ...(roles.category !== undefined && { category_column: "document_category_id" }),
  };
  return { mapping, roles, furtherColumns: further };
}

/** Names of document columns that an encoder reads as text, by the mapping's. */
export function textColumnsOfDocuments({ columns }: Pick<MappedTable, "columns">): string[] {
  return Object.keys(columns).filter(
    (name) => name !== "document_picture" && name !== "document_category_id",
  );
}

/** Columns of the data set by the columns of the source that they are read from. */
export function documentColumns(
  roles: ColumnGuess,
  table: TextColumns,
  further: readonly string[],
): Record<string, string> {
  const columns: Record<string, string> = { document_name: roles.title! };
  if (roles.text !== undefined) columns["document_text"] = roles.text;
  if (roles.category !== undefined) {
    columns["document_category_id"] = roles.category;
    // its words are searched too, unless it is a number
    if (table[roles.category]!.some((cell) => /\p{L}{2}/u.test(cell)))
      columns["document_category"] = roles.category;
  }
  if (roles.picture !== undefined) columns["document_picture"] = roles.picture;
  for (const column of further) {
    const slug = column
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "_")
      .replace(/^_+|_+$/g, "");
    let name = `document_${slug || "words"}`;
    while (Object.hasOwn(columns, name)) name += "_2";
    columns[name] = column;
  }
  return columns;
}

/** Files, and folders of part-files, of a folder. */
export async function tablesOf(from: string): Promise<PeekedTable[]> {
  const tables: PeekedTable[] = [];
  const entries = readdirSync(from, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const isTable = (name: string) => /\.(csv|tsv|jsonl?|ndjson|parquet)$/i.test(name);
  for (const entry of entries) {
    const file = path.join(from, entry.name);
    if (/^[._]/.test(entry.name)) continue;
    if (entry.isDirectory()) {
      if (readdirSync(file).some((name) => !/^[._]/.test(name) && isTable(name)))
        tables.push(await peekTable(file));
    } else if (isTable(entry.name)) tables.push(await peekTable(file));
  }
  if (tables.length === 0)
    throw new DataError(
      `${from}: must hold tables (.csv, .tsv, .jsonl, .parquet), a BEIR folder or TREC files, or documents (.txt) for --no-labels, got ${
        entries.length === 0
          ? "an empty folder"
          : entries
              .map(({ name }) => name)
              .slice(0, 5)
              .join(", ")
      }`,
    );
  return tables;
}

/** Files of the same columns as one table; those for tests apart, where their names say so. */
function oneTable(from: string, tables: PeekedTable[]): { table: PeekedTable; tests: PeekedTable[] } {
  if (tables.length === 1) return { table: tables[0]!, tests: [] };
  const parts = tables.map((table) => partInName(path.basename(table.from)));
  const training = tables.filter((_, i) => parts[i] === "training" || parts[i] === null);
  const tests = tables.filter((_, i) => parts[i] === "test" || parts[i] === "validation");
  if (training.length === 1) return { table: training[0]!, tests };
  const isWholeFolder =
    tests.length === 0 && tables.every(({ from: file }) => path.dirname(file) === path.normalize(from));
  const others = readdirSync(from).filter((name) => !/^[._]/.test(name)).length;
  if (isWholeFolder && others === tables.length) return { table: { ...tables[0]!, from }, tests: [] };
  throw new DataError(
    `${from}: files of one table must be alone in a folder, or one for training and the others for tests, got ${tables.map((table) => path.basename(table.from)).join(", ")}`,
  );
}

function setName(file: string): string {
  const name = path.basename(file, path.extname(file)).replace(/[^A-Za-z0-9_-]+/g, "-");
  const plain = name.replace(/^[^A-Za-z0-9]+/, "") || "test";
  return plain === "validation" ? "dev" : plain;
}

/** Pictures' paths start from the table's folder, or from a folder beside it that holds them. */
export function pictureFolder({ from, columns }: PeekedTable, column: string): string {
  const folder = statSync(from).isDirectory() ? from : path.dirname(from);
  const cell = columns[column]!.find((value) => value !== "")!;
  const beside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const tried = [folder, ...beside.map((entry) => path.join(folder, entry.name)), path.dirname(folder)];
  return tried.find((one) => existsSync(path.join(one, cell))) ?? folder;
}

function idOf({ columns }: PeekedTable): string | null {
  return guessColumns(columns).id ?? null;
}

/** Whether some column of the pairs holds ids of the documents. */
function joins(pairs: PeekedTable, documents: PeekedTable): boolean {
  const { id } = guessColumns(documents.columns, documentRoles);
  if (id === undefined) return false;
  return bestJoin(pairs.columns, documents.columns[id]!, id).share > 0;
}

function joiningColumn(pairs: TextColumns, documents: TextColumns, id: string): string {
  const { column, share } = bestJoin(pairs, documents[id]!, id);
  if (share > 0) return column;
  if (Object.hasOwn(pairs, id)) return id;
  throw new DataError(`pairs: need a column with the documents' ${id}, got ${Object.keys(pairs).join(", ")}`);
}

/**
 * The column of the pairs of which most cells are among the ids that were looked at; one whose name says that it is an id goes
 * before numbers that happen to be.
 */
function bestJoin(
  pairs: TextColumns,
  ids: readonly string[],
  idName: string,
): { column: string; share: number } {
  const known = new Set(ids);
  let best = { column: "", share: 0 };
  for (const [column, values] of Object.entries(pairs)) {
    const found = values.filter((value) => known.has(value)).length / Math.max(1, values.length);
    const isNamed = column === idName || guessColumns({ [column]: values }, ["id"]).id !== undefined;
    const share = found > 0 && isNamed ? 1 + found : found;
    if (share > best.share) best = { column, share };
  }
  return best;
}
