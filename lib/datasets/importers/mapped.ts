import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import YAML from "yaml";
import { z } from "zod";
import { Random } from "../../engine/random/random.js";
import { DataError, describeFileError } from "../../files/data-error.js";
import { emptyRecord, ownEntry } from "../../files/own-entry.js";
import {
  type JudgedQuery,
  judgedQueries,
  notInPool,
  relevantPairs,
  splitQueries,
  withoutTested,
} from "../judged-split.js";
import type { DatasetManifest } from "../manifest.js";
import type { TextColumns } from "../parquet.js";
import { readPartFile } from "../part-files.js";
import { describeReport, mergeReports, type ReadReport } from "../read-report.js";
import { readPartFiles } from "../training-rows.js";
import { defaultDictionarySizes, rowCount, writeDataset } from "../write-dataset.js";

const columns = z
  .record(z.string().min(1), z.string().min(1))
  .refine((map) => Object.keys(map).length > 0, "at least one column is needed")
  .describe("column of the data set: column of the source");

/** How cells are told apart, in files of text. */
const dialect = {
  delimiter: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("of .csv and .tsv; null = comma, and tab for .tsv"),
  quotes: z
    .boolean()
    .nullable()
    .default(null)
    .describe('whether `"` quotes cells of .csv and .tsv; null = yes, but not in .tsv'),
  encoding: z.enum(["utf8", "latin1"]).nullable().default(null).describe("of .csv and .tsv; null = utf8"),
};

const pairs = z.strictObject({
  from: z.string().min(1).describe("file or folder of part-files, from the mapping's folder"),
  document_id: z.string().min(1).describe("column with the document's id"),
  columns: columns.describe("query columns; the search phrase first"),
  grade: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("column with a number; null = every row is relevant"),
  ...dialect,
});

/** How somebody's own files become a data set. */
export const mappingSchema = z.strictObject({
  name: z.string().min(1),
  licence: z.string().default("unknown"),
  documents: z.strictObject({
    from: z.string().min(1).describe("file or folder of part-files, from the mapping's folder"),
    id: z.string().min(1).describe("column with the document's id"),
    columns,
    ...dialect,
  }),
  pairs: pairs.describe("queries with relevant documents"),
  evaluation: pairs.nullable().default(null).describe("pairs to test on; null = split off from `pairs`"),
  min_grade: z.number().default(1).describe("grade from which on a document is relevant"),
  split: z
    .strictObject({ validation: z.number().min(0).max(1), test: z.number().min(0).max(1) })
    .default({ validation: 0.1, test: 0.1 })
    .describe("fractions of the queries; `test` is not used where `evaluation` is given"),
  category_column: z.string().min(1).nullable().default(null).describe("document column that is categorical"),
  seed: z.int().default(42),
  max_malformed: z.int().min(0).default(100).describe("malformed rows allowed per source"),
  on_error: z.enum(["fail", "skip"]).default("fail").describe("part-files that cannot be read"),
});

export type Mapping = z.infer<typeof mappingSchema>;

/**
 * Imports files of one's own — JSON lines, CSV or Parquet — by a mapping (a YAML file, or the same keys as an object
 * with paths from the working directory). Queries are grouped by their text and split by near-duplicate group.
 *
 * @returns the manifest, and lines that say what was left out
 * @throws DataError naming the mapping's key, or the file and line that is wrong
 */
export async function importMapped(
  mapping: string | z.input<typeof mappingSchema>,
  outDir: string,
): Promise<{ manifest: DatasetManifest; warnings: string[] }> {
  const { settings, base } = readMapping(mapping);
  const reports: ReadReport[] = [];
  const read: ReadTable = async (source, wanted) => {
    const result = await readTable(path.resolve(base, source.from), source, wanted, settings);
    reports.push(result.report);
    return result.columns;
  };
  const lost = { repeatedDocumentIds: 0, rowsWithoutId: 0, repeatedJudgements: 0 };
  const documents = await readDocuments(settings, read, lost);
  const byId = new Map(documents.map((document) => [document["document_id"]!, document]));
  const judged = await readPairs(settings.pairs, "q", read, lost);
  const tested = settings.evaluation === null ? null : await readPairs(settings.evaluation, "e", read, lost);
  const split = splitQueries(
    judged,
    { ...settings.split, ...(tested === null ? {} : { test: 0 }) },
    settings.seed,
  );
  const test = tested ?? split.test;
  const training = withoutTested(split.training, test);
  const validation = withoutTested(split.validation, test);
  const random = new Random(settings.seed);
  const report = mergeReports(reports);
  const part = (name: string, description: string, queries: readonly JudgedQuery[]) => ({
    name,
    description,
    queries: judgedQueries(queries, settings.min_grade),
    judgedNegatives: queries.some((query) =>
      Object.values(query.grades).some((grade) => grade < settings.min_grade),
    ),
  });
  const textColumns = [...Object.keys(settings.pairs.columns), ...Object.keys(settings.documents.columns)];
  const rows = relevantPairs(training, byId, settings.min_grade, random.fork("training"));
  if (rowCount(rows) === 0) {
    const usable = judged.filter((query) => hasRelevant(query, byId, settings.min_grade)).length;
    throw new DataError(
      usable === 0
        ? `${settings.name}: pairs must name at least one document of the pool, got none of ${judged.length} queries that does`
        : `${settings.name}: pairs must leave queries to train on, got ${usable} that name a document of the pool, all of them held out for ${tested === null ? "validation and test" : "validation or asked in the test"} (near-duplicates stay together; see split)`,
    );
  }
  const manifest = await writeDataset(outDir, {
    documents,
    training: rows,
    validation: relevantPairs(validation, byId, settings.min_grade, random.fork("validation")),
    evaluation: [
      part("test", tested === null ? "queries held out" : "the mapping's evaluation pairs", test),
      ...(split.validation.length > 0
        ? [part("validation", "queries held out for choices", split.validation)]
        : []),
    ].filter((set) => set.queries.length > 0),
    textColumns: textColumns.filter((name) => name !== settings.category_column),
    categoryColumn: settings.category_column,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "unicode",
    counts: {
      queries: judged.length,
      trainingQueries: training.length,
      queriesDroppedAsTested:
        split.training.length + split.validation.length - training.length - validation.length,
      malformedRows: report.malformed,
      skippedFiles: report.skippedFiles.length,
      emptyCells: Object.values(report.nullCells).reduce((sum, count) => sum + count, 0),
      ...lost,
      judgedDocumentsNotInPool: notInPool([...judged, ...(tested ?? [])], byId),
    },
    describe: describe(settings),
  });
  return { manifest, warnings: describeReport(report) };
}

/** Whether a query has a relevant document in the pool. */
function hasRelevant({ grades }: JudgedQuery, byId: ReadonlyMap<string, unknown>, minGrade: number): boolean {
  return Object.entries(grades).some(([id, grade]) => grade >= minGrade && byId.has(id));
}

function readMapping(mapping: string | z.input<typeof mappingSchema>): { settings: Mapping; base: string } {
  let value: unknown = mapping;
  if (typeof mapping === "string") {
    try {
      value = YAML.parse(readFileSync(mapping, "utf8"));
    } catch (error) {
      const described = describeFileError(mapping, error);
      throw described instanceof DataError
        ? described
        : new DataError(`${mapping}: must be YAML, got: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  const where = typeof mapping === "string" ? mapping : "mapping";
  const parsed = mappingSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new DataError(`${where}: ${issue.path.join(".") || "mapping"}: ${issue.message}`);
  }
  const category = parsed.data.category_column;
  if (category !== null && !Object.hasOwn(parsed.data.documents.columns, category)) {
    const known = Object.keys(parsed.data.documents.columns).sort().join(", ");
    throw new DataError(
      `${where}: category_column must be one of the document columns (${known}), got "${category}"`,
    );
  }
  return { settings: parsed.data, base: typeof mapping === "string" ? path.dirname(mapping) : process.cwd() };
}

async function readTable(
  from: string,
  { delimiter, quotes, encoding }: Dialect,
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

interface Dialect {
  from: string;
  delimiter: string | null;
  quotes: boolean | null;
  encoding: "utf8" | "latin1" | null;
}

type ReadTable = (source: Dialect, wanted: readonly string[]) => Promise<TextColumns>;

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
  const table = await read(documents, [documents.id, ...entries.map(([, source]) => source)]);
  const byId = new Map<string, Record<string, string>>();
  table[documents.id]!.forEach((id, row) => {
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

/** Rows with the same query columns are one query; a document named twice keeps its highest grade. */
async function readPairs(
  source: z.infer<typeof pairs>,
  prefix: string,
  read: ReadTable,
  lost: LostRows,
): Promise<JudgedQuery[]> {
  const entries = Object.entries(source.columns);
  const wanted = [
    source.document_id,
    ...entries.map(([, from]) => from),
    ...(source.grade === null ? [] : [source.grade]),
  ];
  const table = await read(source, wanted);
  const queries = new Map<string, JudgedQuery>();
  table[source.document_id]!.forEach((id, row) => {
    if (id === "") {
      lost.rowsWithoutId++;
      return;
    }
    const fields = Object.fromEntries(entries.map(([name, from]) => [name, table[from]![row]!]));
    const grade = source.grade === null ? 1 : gradeOf(table[source.grade]![row]!, source.from, row);
    const key = JSON.stringify(fields);
    const query = queries.get(key) ?? { id: `${prefix}${queries.size}`, fields, grades: emptyRecord() };
    const before = ownEntry(query.grades, id);
    if (before !== undefined) lost.repeatedJudgements++;
    query.grades[id] = Math.max(grade, before ?? Number.NEGATIVE_INFINITY);
    queries.set(key, query);
  });
  return [...queries.values()];
}

function gradeOf(value: string, file: string, row: number): number {
  const grade = Number(value);
  if (!/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value) || !Number.isFinite(grade))
    throw new DataError(`${file}: row ${row + 1}: grade must be a number, got "${value}"`);
  return grade;
}

function describe(settings: Mapping) {
  const { columns: queryColumns } = settings.pairs;
  const named = (map: Record<string, string>) =>
    Object.fromEntries(Object.entries(map).map(([name, source]) => [name, `column ${source}`]));
  return {
    name: settings.name,
    builder: { name: "mapped", version: 2 },
    options: { mapping: settings },
    sources: [{ name: settings.documents.from, url: null, licence: settings.licence }],
    licence: settings.licence,
    splitRule:
      settings.evaluation === null
        ? "By query; queries with the same letters and digits or word sets of Jaccard similarity 0.8 or more, transitively, are on one side."
        : "Tested on the evaluation pairs; no query with the same words is trained on. Validation by near-duplicate group.",
    notes: [],
    columns: {
      query: named(queryColumns),
      document: { document_id: `column ${settings.documents.id}`, ...named(settings.documents.columns) },
    },
  };
}
