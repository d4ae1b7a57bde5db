import path from "node:path";
import { ownEntry } from "../files/own-entry.js";
import { replaceFolder } from "../files/replace-folder.js";
import { type CleaningName, cleaningOf } from "../tokenizer/text-cleaning.js";
import { layout, partName } from "./dataset-layout.js";
import { writeDictionary } from "./dictionary-file.js";
import { writeJsonLines } from "./json-lines.js";
import { type DatasetManifest, type EvaluationFiles, writeManifest } from "./manifest.js";
import { type TextColumns, writeParquet } from "./parquet.js";
import { type EvaluationQuery, queryRecord } from "./queries.js";
import { type DictionarySizes, mostFrequent, numberByFrequency, TokenCounts } from "./token-counts.js";

/** Queries with judgements, and the name they are reported under. */
export interface EvaluationPart {
  name: string;
  description: string;
  queries: readonly EvaluationQuery[];
  judgedNegatives: boolean;
}

/** All of a data set, in memory. */
export interface DatasetContents {
  /** Every record has `document_id`; all have the same keys. */
  documents: readonly Record<string, string>[];
  /** Columns of rows; empty columns if there are none. */
  training: TextColumns;
  validation: TextColumns;
  /** The first is the default; all search all documents. */
  evaluation: readonly EvaluationPart[];
  /** Columns of `training`, or of the documents where there is none, whose tokens the token dictionary counts. */
  textColumns: readonly string[];
  /** Column of `training` and of the documents with the category, null = none. */
  categoryColumn: string | null;
  dictionarySizes: DictionarySizes;
  /** How the dictionary's texts become words; the manifest says so, and configurations follow it. */
  cleaning: CleaningName;
  describe: Pick<
    DatasetManifest,
    "name" | "builder" | "options" | "sources" | "licence" | "splitRule" | "notes" | "columns"
  >;
  /** Further counts for the manifest. */
  counts: Record<string, number>;
  /** Writes files that records name, e.g. pictures, into the folder before the manifest is made. */
  writeFiles?: (folder: string) => void;
}

export const defaultDictionarySizes: DictionarySizes = {
  unigrams: 150_000,
  bigrams: 40_000,
  trigrams: 40_000,
};

/** Writes a data set folder, replacing an older one only when the new one is complete. */
export async function writeDataset(outDir: string, contents: DatasetContents): Promise<DatasetManifest> {
  return replaceFolder(outDir, async (folder) => {
    writeJsonLines(path.join(folder, layout.items), contents.documents);
    writeRows(path.join(folder, layout.training), contents.training, 4);
    writeRows(path.join(folder, layout.validation), contents.validation, 1);
    const evaluationSets = contents.evaluation.map((part, index): EvaluationFiles => {
      const queriesPath =
        index === 0
          ? layout.queries
          : path.posix.join(path.posix.dirname(layout.queries), `${part.name}.json`);
      writeJsonLines(path.join(folder, queriesPath), part.queries.map(queryRecord));
      const { name, description, judgedNegatives } = part;
      return { name, queriesPath, itemsPath: layout.items, description, judgedNegatives };
    });
    const counts: Record<string, number> = {
      documents: contents.documents.length,
      trainingRows: rowCount(contents.training),
      validationRows: rowCount(contents.validation),
      ...writeDictionaries(folder, contents),
      ...textsWithoutWords(contents),
    };
    for (const part of contents.evaluation) {
      counts[`${part.name}Queries`] = part.queries.length;
      counts[`${part.name}QueriesWithRelevant`] = part.queries.filter(
        (query) => query.relevantIds.length > 0,
      ).length;
      counts[`${part.name}Pairs`] = part.queries.reduce((sum, query) => sum + query.relevantIds.length, 0);
    }
    contents.writeFiles?.(folder);
    return writeManifest(folder, {
      ...contents.describe,
      cleaning: contents.cleaning,
      counts: { ...counts, ...contents.counts },
      evaluationSets,
    });
  });
}

/** Rows in part-files of at most 100,000, at least `minParts` where there are as many rows. */
function writeRows(folder: string, columns: TextColumns, minParts: number): void {
  const rows = rowCount(columns);
  if (rows === 0) return;
  const parts = Math.max(Math.min(minParts, rows), Math.ceil(rows / 100_000));
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((rows * part) / parts);
    const to = Math.floor((rows * (part + 1)) / parts);
    const slice = Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, values.slice(from, to)]),
    );
    writeParquet(path.join(folder, partName(part)), slice);
  }
}

function writeDictionaries(folder: string, contents: DatasetContents): Record<string, number> {
  const { documents, training, textColumns, categoryColumn, dictionarySizes, cleaning } = contents;
  const tokens = new TokenCounts(dictionarySizes, cleaning);
  if (rowCount(training) === 0) {
    const columns = textColumns.filter((name) => ownEntry(documents[0], name) !== undefined);
    for (const name of columns) for (const document of documents) tokens.add(document[name]!, 1);
    const entries = tokens.entries();
    if (entries.length === 0) return {};
    writeDictionary(path.join(folder, layout.tokenDictionary), "token", entries);
    return { tokens: entries.length };
  }
  for (const name of textColumns)
    for (const [text, times] of occurrences(training[name]!)) tokens.add(text, times);
  const entries = tokens.entries();
  writeDictionary(path.join(folder, layout.tokenDictionary), "token", entries);
  if (categoryColumn === null) return { tokens: entries.length };
  const values = occurrences(training[categoryColumn]!);
  for (const document of documents) {
    const value = document[categoryColumn]!;
    if (!values.has(value)) values.set(value, 0);
  }
  values.delete("");
  const categories = numberByFrequency([mostFrequent(values, values.size)]);
  writeDictionary(path.join(folder, layout.categoryDictionary), "category", categories);
  return { tokens: entries.length, categories: categories.length };
}

/**
 * Texts that the cleaning leaves nothing of, by where they are; none where there are none. Of training and validation, cells
 * of the text columns; of documents and queries, those that have nothing in any of them.
 */
function textsWithoutWords(contents: DatasetContents): Record<string, number> {
  const { documents, training, validation, evaluation, textColumns } = contents;
  const { clean } = cleaningOf(contents.cleaning);
  const isEmpty = (text: string | undefined) => clean(text ?? "") === "";
  const cells = (rows: TextColumns) =>
    textColumns.reduce((sum, name) => sum + (ownEntry(rows, name) ?? []).filter(isEmpty).length, 0);
  const records = (list: readonly Readonly<Record<string, string>>[]) => {
    const columns = textColumns.filter((name) => ownEntry(list[0], name) !== undefined);
    if (columns.length === 0) return 0;
    return list.filter((record) => columns.every((name) => isEmpty(ownEntry(record, name)))).length;
  };
  const counts = {
    documentsWithoutWords: records(documents),
    trainingTextsWithoutWords: cells(training),
    validationTextsWithoutWords: cells(validation),
    ...Object.fromEntries(
      evaluation.map(({ name, queries }) => [
        `${name}QueriesWithoutWords`,
        records(queries.map(({ fields }) => fields)),
      ]),
    ),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function occurrences(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Rows of columns of equal length. */
export function rowCount(columns: TextColumns): number {
  return Object.values(columns)[0]?.length ?? 0;
}
