import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DataError } from "../../files/data-error.js";
import { ownEntry } from "../../files/own-entry.js";
import { textFileColumns } from "../text-files.js";
import { type ColumnGuess, chooseColumns, furtherTexts, guessColumns } from "./guess-columns.js";
import {
  documentColumns,
  documentRoles,
  type MappingInput,
  pictureFolder,
  type SourceTables,
  tablesOf,
} from "./guess-mapping.js";
import { type PeekedTable, peekTable } from "./peek-table.js";

/**
 * The table of documents that a file or folder holds: all files of a folder must have the same columns, or each be a document of
 * plain text.
 *
 * @throws DataError in one line for what holds none, or several kinds
 */
export async function findDocuments(from: string): Promise<SourceTables> {
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) throw new DataError(`${from}: must exist, found nothing there`);
  const table = isFolder ? await wholeFolder(from) : await peekTable(from);
  return { pairs: table, documents: table, tests: [] };
}

async function wholeFolder(from: string): Promise<PeekedTable> {
  const names = readdirSync(from).filter((name) => !/^[._]/.test(name));
  if (names.length > 0 && names.every((name) => /\.txt$/i.test(name))) return peekTable(from);
  const tables = await tablesOf(from);
  const kinds = new Set(tables.map(({ columns }) => JSON.stringify(Object.keys(columns).sort())));
  if (kinds.size === 1) return tables.length === 1 ? tables[0]! : { ...tables[0]!, from };
  throw new DataError(
    `${from}: must hold one table of documents, got ${tables.map((table) => path.basename(table.from)).join(", ")} with different columns; name the file of the documents`,
  );
}

/** The mapping of documents alone, with paths from `base`; rows without a telling id column are numbered. */
export function guessDocuments(
  name: string,
  { documents }: SourceTables,
  chosen: Readonly<Record<string, string | null>>,
  base: string,
): { mapping: MappingInput; roles: ColumnGuess; furtherColumns: string[] } {
  const { columns } = documents;
  const other = Object.keys(chosen).find((role) => !(documentRoles as readonly string[]).includes(role));
  if (other !== undefined && ownEntry(chosen, other) !== null)
    throw new DataError(`--column ${other}: is of searches, which --no-labels leaves out`);
  const named = chooseColumns(columns, chosen);
  const saysAll = Object.keys(columns).join() === textFileColumns.join(); // a file's name is its id, with spaces too
  const guessed: ColumnGuess = saysAll
    ? { id: "id", title: "title", text: "text" }
    : guessColumns(columns, documentRoles);
  const roles: ColumnGuess = {};
  for (const role of documentRoles) {
    const column = Object.hasOwn(chosen, role) ? named[role] : guessed[role];
    if (column !== undefined && !Object.values(roles).includes(column)) roles[role] = column;
  }
  roles.title ??= roles.text ?? longestColumn(columns);
  if (roles.text === roles.title) delete roles.text;
  const distinct = new Set(ownEntry(columns, roles.id ?? "") ?? []).size;
  if (roles.id !== undefined && distinct < columns[roles.id]!.length) delete roles.id;
  const further = furtherTexts(columns, roles);
  const relative = (file: string) => path.relative(base, file).split(path.sep).join("/") || ".";
  const mapping: MappingInput = {
    name,
    documents: {
      from: relative(documents.from),
      ...documents.dialect,
      id: roles.id ?? null,
      columns: documentColumns(roles, columns, further),
      ...(roles.picture !== undefined && {
        pictures: { document_picture: relative(pictureFolder(documents, roles.picture)) },
      }),
    },
  };
  return { mapping, roles, furtherColumns: further };
}

/** Where no column tells by its name or cells: that with most letters. */
function longestColumn(columns: Readonly<Record<string, readonly string[]>>): string {
  const letters = (cells: readonly string[]) => cells.join("").match(/\p{L}/gu)?.length ?? 0;
  const [best] = Object.entries(columns).sort(([, a], [, b]) => letters(b) - letters(a));
  if (letters(best![1]) === 0)
    throw new DataError(`documents: must have a column of words, got ${Object.keys(columns).join(", ")}`);
  return best![0];
}
