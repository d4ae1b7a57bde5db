import { statSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
import {
  type JudgedQuery,
  judgedQueries,
  notInPool,
  relevantPairs,
  splitQueries,
  withoutTested,
} from "../judged-split.js";
import { knownItems, noLabelRule } from "../known-item-queries.js";
import type { DatasetManifest } from "../manifest.js";
import type { TextColumns } from "../parquet.js";
import { readPartFile } from "../part-files.js";
import { type DatasetPart, partOf, partWords } from "../part-names.js";
import { describeReport, mergeReports, type ReadReport } from "../read-report.js";
import { readPartFiles } from "../training-rows.js";
import { defaultDictionarySizes, rowCount, writeDataset } from "../write-dataset.js";
import { MappedPictures } from "./mapped-pictures.js";
import {
  type MappedPairs,
  type MappedTable,
  type Mapping,
  type mappingSchema,
  readMapping,
} from "./mapping-schema.js";

/**
 * Imports files of one's own — JSON lines, CSV or Parquet — by a mapping (a YAML file, or the same keys as an object
 * with paths from the working directory). Rows with the same query columns are one query. Parts are what the mapping's
 * `part` column says, else queries are split by near-duplicate group; every evaluation set searches all documents.
 * Pictures are copied in under the hash of their bytes.
 *
 * @returns the manifest, and lines that say what was left out
 * @throws UserError naming the mapping's key, or the file and line that is wrong
 */
export async function importMapped(
  mapping: string | z.input<typeof mappingSchema>,
  outDir: string,
): Promise<{ manifest: DatasetManifest; warnings: string[] }> {
  const { settings, base } = readMapping(mapping);
  const reports: ReadReport[] = [];
  const pictures = new MappedPictures();
  const read: ReadTable = async (source, wanted) => {
    const result = await readTable(path.resolve(base, source.from), source, wanted, settings);
    reports.push(result.report);
    return withPictures(result.columns, source, base, pictures);
  };
  const lost = { repeatedDocumentIds: 0, rowsWithoutId: 0, repeatedJudgements: 0 };
  const documents = await readDocuments(settings, read, lost);
  const byId = new Map(documents.map((document) => [document["document_id"]!, document]));
  const { pairs } = settings;
  const judged: ReadPairs =
    pairs === null
      ? { queries: [], parts: null }
      : await readPairs(pairs, settings.min_grade, "q", read, lost);
  const tested: { name: string; description: string; queries: JudgedQuery[] }[] = [];
  for (const [i, set] of (settings.evaluation ?? []).entries())
    tested.push({
      name: set.name,
      description: "the mapping's evaluation pairs",
      queries: (await readPairs(set, settings.min_grade, i === 0 ? "e" : `e${i}-`, read, lost)).queries,
    });
  const split = dealOut(judged, settings, tested.length > 0);
  if (split.test.length > 0) {
    const taken = new Set(tested.map(({ name }) => name));
    tested.push({
      name: taken.has("test") ? "held-out" : "test",
      description: pairs?.part == null ? "queries held out" : "the pairs' test rows",
      queries: split.test,
    });
  }
  const test = tested.flatMap(({ queries }) => queries);
  const training = withoutTested(split.training, test);
  const validation = withoutTested(split.validation, test);
  const random = new Random(settings.seed);
  const rows = relevantPairs(training, byId, settings.min_grade, random.fork("training"));
  if (tested.length === 0 && pairs === null)
    tested.push(knownItems(documents, textColumnsOf(settings), random.fork("known items")));
  if (rowCount(rows) === 0 && pairs !== null) {
    const usable = judged.queries.filter((query) => hasRelevant(query, byId, settings.min_grade)).length;
    throw new DataError(
      usable === 0
        ? `${settings.name}: pairs must name at least one document of the pool, got none of ${judged.queries.length} queries that does`
        : `${settings.name}: pairs must leave queries to train on, got ${usable} that name a document of the pool, all of them held out for ${settings.evaluation === null ? "validation and test" : "validation or asked in the test"} (near-duplicates stay together; see split)`,
    );
  }
  const report = mergeReports(reports);
  const part = (name: string, description: string, queries: readonly JudgedQuery[]) => ({
    name,
    description,
    queries: judgedQueries(queries, settings.min_grade),
    judgedNegatives: queries.some((query) =>
      Object.values(query.grades).some((grade) => grade < settings.min_grade),
    ),
  });
  const manifest = await writeDataset(outDir, {
    documents,
    training: rows,
    validation: relevantPairs(validation, byId, settings.min_grade, random.fork("validation")),
    evaluation: [
      ...tested.map(({ name, description, queries }) => part(name, description, queries)),
      part("validation", "queries held out for choices", split.validation),
    ].filter((set) => set.queries.length > 0),
    textColumns: textColumnsOf(settings),
    categoryColumn: settings.category_column,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "unicode",
    counts: {
      queries: judged.queries.length,
      trainingQueries: training.length,
      queriesDroppedAsTested:
        split.training.length + split.validation.length - training.length - validation.length,
      malformedRows: report.malformed,
      skippedFiles: report.skippedFiles.length,
      emptyCells: Object.values(report.nullCells).reduce((sum, count) => sum + count, 0),
      ...lost,
      judgedDocumentsNotInPool: notInPool([...judged.queries, ...test], byId),
      ...(pictures.count + pictures.missing.size > 0
        ? { pictures: pictures.count, picturesMissing: pictures.missing.size }
        : {}),
    },
    describe: describe(settings),
    writeFiles: (folder) => pictures.copyInto(folder),
  });
  const [missing] = pictures.missing;
  const warnings = describeReport(report);
  if (missing !== undefined)
    warnings.push(
      `${pictures.missing.size} pictures are not there, their cells are empty; first: ${missing}`,
    );
  return { manifest, warnings };
}

/** Columns of the training rows, or of documents alone, that hold words: neither the category nor pictures. */
function textColumnsOf({ pairs, documents, category_column: category }: Mapping): string[] {
  const named = [...(pairs === null ? [] : [pairs]), documents].flatMap(({ columns, pictures }) =>
    Object.keys(columns).filter((name) => !Object.hasOwn(pictures, name)),
  );
  return named.filter((name) => name !== category);
}

/** Training, validation and test queries: as the `part` column says, else by near-duplicate group. */
function dealOut(
  { queries, parts }: ReadPairs,
  { split, seed }: Mapping,
  isTested: boolean,
): Record<DatasetPart, JudgedQuery[]> {
  if (parts === null) return splitQueries(queries, { ...split, ...(isTested && { test: 0 }) }, seed);
  const of = (part: DatasetPart) => queries.filter((query) => parts.get(query) === part);
  const [training, validation, test] = [of("training"), of("validation"), of("test")];
  if (validation.length > 0) return { training, validation, test };
  return { ...splitQueries(training, { validation: split.validation, test: 0 }, seed), test };
}

/** The table with its picture cells as paths in the data set. */
function withPictures(
  table: TextColumns,
  { columns, pictures: folders }: MappedTable,
  base: string,
  pictures: MappedPictures,
): TextColumns {
  const copies: TextColumns = { ...table };
  for (const [name, folder] of Object.entries(folders)) {
    const source = columns[name]!;
    const from = path.resolve(base, folder);
    copies[source] = table[source]!.map((cell) => pictures.nameOf(cell, from));
  }
  return copies;
}

/** Whether a query has a relevant document in the pool. */
function hasRelevant({ grades }: JudgedQuery, byId: ReadonlyMap<string, unknown>, minGrade: number): boolean {
  return Object.entries(grades).some(([id, grade]) => grade >= minGrade && byId.has(id));
}

async function readTable(
  from: string,
  { delimiter, quotes, encoding }: MappedTable,
  wanted: readonly string[],
  { max_malformed: maxMalformed, on_error: onError }: Mapping,
): Promise<{ columns: TextColumns; report: ReadReport }> {
  const limits = {
    maxMalformed,
    ...(delimiter === null ? {} : { delimiter }),
    ...(quotes === null ? {} : { quotes }),
    ...(encoding === null ? {} : { encoding }),
  };
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? readPartFiles(from, wanted, { ...limits, onError }) : readPartFile(from, wanted, limits);
}

type ReadTable = (source: MappedTable, wanted: readonly string[]) => Promise<TextColumns>;

/** Rows that leave no trace in the data set, counted for the import's last line. */
interface LostRows {
  /** documents that a later row of the same id replaces */
  repeatedDocumentIds: number;
  /** rows of documents or pairs without a document's id */
  rowsWithoutId: number;
  /** pairs named again, of which the highest grade counts */
  repeatedJudgements: number;
}

/** A repeated id keeps its last row. */
async function readDocuments(
  { documents }: Mapping,
  read: ReadTable,
  lost: LostRows,
): Promise<Record<string, string>[]> {
  const entries = Object.entries(documents.columns);
  const sources = entries.map(([, source]) => source);
  const table = await read(documents, documents.id === null ? sources : [documents.id, ...sources]);
  const byId = new Map<string, Record<string, string>>();
  const ids =
    documents.id === null ? table[sources[0]!]!.map((_, row) => String(row + 1)) : table[documents.id]!;
  ids.forEach((id, row) => {
    if (id === "") {
      lost.rowsWithoutId++;
      return;
    }
    const fields = Object.fromEntries(entries.map(([name, source]) => [name, table[source]![row]!]));
    if (byId.delete(id)) lost.repeatedDocumentIds++;
    byId.set(id, { document_id: id, ...fields });
  });
  if (byId.size === 0)
    throw new DataError(`${documents.from}: must hold at least one document with an id, got 0`);
  return [...byId.values()];
}

/** Queries of a table of pairs, and the part of each, where a column says it. */
interface ReadPairs {
  queries: JudgedQuery[];
  parts: Map<JudgedQuery, DatasetPart> | null;
}

/**
 * Rows with the same query columns are one query, and one in each part that they are in; a document named twice keeps its
 * highest grade, a query its first slice.
 */
async function readPairs(
  source: MappedPairs,
  minGrade: number,
  prefix: string,
  read: ReadTable,
  lost: LostRows,
): Promise<ReadPairs> {
  const entries = Object.entries(source.columns);
  const partColumn = "part" in source ? source.part : null;
  const named = [source.grade, source.slice, partColumn].filter((name): name is string => name !== null);
  const table = await read(source, [source.document_id, ...entries.map(([, from]) => from), ...named]);
  const queries = new Map<string, JudgedQuery>();
  const parts = new Map<JudgedQuery, DatasetPart>();
  table[source.document_id]!.forEach((id, row) => {
    if (id === "") {
      lost.rowsWithoutId++;
      return;
    }
    const fields = Object.fromEntries(entries.map(([name, from]) => [name, table[from]![row]!]));
    const grade =
      source.grade === null ? Math.max(1, minGrade) : gradeOf(table[source.grade]![row]!, source.from, row);
    const part = partColumn === null ? null : partOfRow(table[partColumn]![row]!, source.from, row);
    const key = JSON.stringify([fields, part]);
    let query = queries.get(key);
    if (query === undefined) {
      const slice = source.slice === null ? "" : table[source.slice]![row]!;
      query = {
        id: `${prefix}${queries.size}`,
        fields,
        grades: emptyRecord(),
        ...(slice !== "" && { slice }),
      };
      queries.set(key, query);
      if (part !== null) parts.set(query, part);
    }
    const before = ownEntry(query.grades, id);
    if (before !== undefined) lost.repeatedJudgements++;
    query.grades[id] = Math.max(grade, before ?? Number.NEGATIVE_INFINITY);
  });
  return { queries: [...queries.values()], parts: partColumn === null ? null : parts };
}

function partOfRow(value: string, file: string, row: number): DatasetPart {
  const part = partOf(value);
  if (part === null)
    throw new DataError(`${file}: row ${row + 1}: part must be one of ${partWords()}, got "${value}"`);
  return part;
}

function gradeOf(value: string, file: string, row: number): number {
  const grade = Number(value);
  if (!/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value) || !Number.isFinite(grade))
    throw new DataError(`${file}: row ${row + 1}: grade must be a number, got "${value}"`);
  return grade;
}

function describe(settings: Mapping) {
  const queryColumns = settings.pairs?.columns ?? settings.evaluation?.[0]?.columns ?? {};
  const named = (map: Record<string, string>) =>
    Object.fromEntries(Object.entries(map).map(([name, source]) => [name, `column ${source}`]));
  return {
    name: settings.name,
    builder: { name: "mapped", version: 3 },
    options: { mapping: settings },
    sources: [{ name: settings.documents.from, url: null, licence: settings.licence }],
    licence: settings.licence,
    splitRule:
      settings.pairs === null
        ? noLabelRule(settings.evaluation === null)
        : settings.pairs.part !== null
          ? `By the column ${settings.pairs.part}; no query with the same words as one of the test is trained on.`
          : settings.evaluation === null
            ? "By query; queries with the same letters and digits or word sets of Jaccard similarity 0.8 or more, transitively, are on one side."
            : "Tested on the evaluation pairs; no query with the same words is trained on. Validation by near-duplicate group.",
    notes: [],
    columns: {
      query: named(queryColumns),
      document: {
        document_id: settings.documents.id === null ? "number of the row" : `column ${settings.documents.id}`,
        ...named(settings.documents.columns),
      },
    },
  };
}
