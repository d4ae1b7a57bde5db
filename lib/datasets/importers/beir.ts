import path from "node:path";
import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { ownEntry } from "../../files/own-entry.js";
import { readItems } from "../items.js";
import { writeJsonLines } from "../json-lines.js";
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
import { evaluationFilesOf, openDataset } from "../open-dataset.js";
import { readQueries } from "../queries.js";
import { readTrainingRows } from "../training-rows.js";
import { type Qrels, writeQrels } from "../trec.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";
import { type BeirPart, readBeirQrels, readBeirRecords } from "./beir-files.js";
import { beirSubset, type SubsetSizes } from "./beir-subset.js";

export interface BeirImportOptions {
  /** Folder with corpus.jsonl, queries.jsonl and qrels/{train,dev,test}.tsv. */
  from: string;
  outDir: string;
  /** Name of the data set. Default: the folder's. */
  name?: string;
  /** Smallest grade that counts as relevant. Default 1. */
  minGrade?: number;
  /** Default 42. */
  seed?: number;
  /** false: queries and judgements are not read, so they need not be there. Default true. */
  labels?: boolean;
  /** Keeps a part of the test queries and of the documents. Default: all. */
  subset?: SubsetSizes;
}

/**
 * Imports a data set in BEIR's layout ({@link readBeirRecords} and {@link readBeirQrels} say which files that may be).
 * Training rows come from the judgements of train; validation from dev, else a tenth of the training queries by
 * near-duplicate group; evaluation from test, and validation. Judgements of train alone are the test, as NanoBEIR has them.
 * Without labels the evaluation set is of {@link knownItemQueries}.
 *
 * @throws DataError naming the file that is missing or wrong
 */
export async function importBeir(options: BeirImportOptions): Promise<DatasetManifest> {
  const { from, outDir, seed = 42, minGrade = 1, name = path.basename(path.resolve(from)) } = options;
  const corpus = (await readBeirRecords(from, "corpus")).map(({ id, title, text }) => ({
    document_id: id,
    document_name: title,
    document_text: `${title} ${text}`.trim(),
  }));
  const judgements = options.labels === false ? noJudgements : await readJudgements(from);
  const { train: listed, dev } = judgements;
  const random = new Random(seed);
  const { documents, test } =
    options.subset === undefined
      ? { documents: corpus, test: judgements.test }
      : beirSubset(
          corpus,
          judgements.test,
          [...listed, ...(dev ?? [])],
          options.subset,
          random.fork("subset"),
        );
  const byId = new Map(documents.map((document) => [document.document_id, document]));
  const train = withoutTested(listed, [...test, ...(dev ?? [])]);
  const split = splitQueries(train, { test: 0, validation: dev === null ? 0.1 : 0 }, seed);
  const validation = dev ?? split.validation;
  if (listed.length > 0 && split.training.length === 0)
    throw new DataError(
      `${path.join(from, "qrels/train.tsv")}: must leave queries to train on, got ${listed.length}, of which ${listed.length - train.length} are asked in test or dev and ${split.validation.length} are held out for validation (near-duplicates stay together)`,
    );
  const negatives = [...test, ...validation].some((query) =>
    Object.values(query.grades).some((grade) => grade < minGrade),
  );
  return writeDataset(outDir, {
    documents,
    training: relevantPairs(split.training, byId, minGrade, random.fork("training")),
    validation: relevantPairs(validation, byId, minGrade, random.fork("validation")),
    evaluation: [
      test.length > 0
        ? {
            name: "test",
            description: "qrels/test.tsv",
            queries: judgedQueries(test, minGrade),
            judgedNegatives: negatives,
          }
        : withoutNegatives(knownItems(documents, ["document_text"], random.fork("known items"))),
      ...(validation.length === 0
        ? []
        : [
            {
              name: "validation",
              description: dev === null ? "a tenth of the training queries" : "qrels/dev.tsv",
              queries: judgedQueries(validation, minGrade),
              judgedNegatives: negatives,
            },
          ]),
    ],
    textColumns: ["query_search_phrase", "document_text"],
    categoryColumn: null,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "unicode",
    counts: {
      trainingQueries: split.training.length,
      queriesDroppedAsTested: listed.length - train.length,
      judgedDocumentsNotInPool: notInPool([...listed, ...test, ...(dev ?? [])], byId),
    },
    describe: {
      name,
      builder: { name: "beir", version: 2 },
      options: { seed, minGrade, ...(options.subset !== undefined && { subset: options.subset }) },
      sources: [
        { name: `BEIR folder ${path.basename(path.resolve(from))}`, url: null, licence: "see the source" },
      ],
      licence: "see the source",
      splitRule:
        listed.length === 0
          ? noLabelRule(test.length === 0)
          : dev === null
            ? "Test is the source's; a tenth of its training queries is validation, by near-duplicate group. Training queries with the same words as a test query are left out."
            : "The source's training, dev and test queries; training queries with the same words as one of dev or test are left out.",
      notes:
        options.subset === undefined
          ? []
          : [
              `A part of ${judgements.test.length} test queries and ${corpus.length} documents; figures compare with those of the same part alone.`,
            ],
      columns: {
        query: { query_search_phrase: "query" },
        document: { document_id: "id", document_name: "title", document_text: "title and text" },
      },
    },
  });
}

/**
 * Writes a data set folder in BEIR's layout, so that other tools can read it: the evaluation set as qrels/test.tsv, the
 * training rows, if they have `document_id`, as qrels/train.tsv.
 *
 * @param options.set        evaluation set, null = the default one
 * @param options.titleField document field written as title; Default document_name
 * @param options.textField  document field written as text; Default document_text, or "" where documents have none
 */
export async function exportBeir(
  datasetDir: string,
  outDir: string,
  options: { set?: string | null; queryField?: string; titleField?: string; textField?: string } = {},
): Promise<{ documents: number; queries: number; trainingQueries: number }> {
  const {
    queryField = "query_search_phrase",
    titleField = "document_name",
    textField = "document_text",
  } = options;
  const dataset = openDataset(datasetDir);
  const set = evaluationFilesOf(dataset, options.set ?? null);
  const { items } = await readItems(set.itemsPath);
  const { queries } = await readQueries(set.queriesPath, { columns: [queryField] });
  writeJsonLines(
    path.join(outDir, "corpus.jsonl"),
    items.map((item) => ({
      _id: item["document_id"],
      title: ownEntry(item, titleField) ?? "",
      text: withoutTitle(ownEntry(item, textField) ?? "", ownEntry(item, titleField) ?? ""),
    })),
  );
  const trained = await trainingQrels(datasetDir, queryField);
  const lines = [
    ...queries.map((query) => ({ _id: query.id, text: query.fields[queryField]! })),
    ...[...trained.texts].map(([id, text]) => ({ _id: id, text })),
  ];
  writeJsonLines(path.join(outDir, "queries.jsonl"), lines);
  const test: Qrels = new Map(
    queries.map((query) => [
      query.id,
      new Map(query.grades ? Object.entries(query.grades) : query.relevantIds.map((id) => [id, 1] as const)),
    ]),
  );
  writeQrels(path.join(outDir, "qrels/test.tsv"), test, "beir");
  if (trained.qrels.size > 0) writeQrels(path.join(outDir, "qrels/train.tsv"), trained.qrels, "beir");
  return { documents: items.length, queries: queries.length, trainingQueries: trained.qrels.size };
}

/** Texts of imported data sets begin with the title, which BEIR keeps apart. */
function withoutTitle(text: string, title: string): string {
  return title !== "" && text.startsWith(title) ? text.slice(title.length).trim() : text;
}

async function trainingQrels(
  datasetDir: string,
  queryField: string,
): Promise<{ qrels: Qrels; texts: Map<string, string> }> {
  const qrels: Qrels = new Map();
  const texts = new Map<string, string>();
  const ids = new Map<string, string>();
  const rows = await readTrainingRows(datasetDir, "training", [queryField, "document_id"]).catch(
    (error: unknown) => {
      if (error instanceof DataError) return null;
      throw error;
    },
  );
  for (const [row, text] of (ownEntry(rows?.columns, queryField) ?? []).entries()) {
    const id = ids.get(text) ?? `train-${ids.size}`;
    ids.set(text, id);
    texts.set(id, text);
    const grades = qrels.get(id) ?? new Map<string, number>();
    grades.set(rows!.columns["document_id"]![row]!, 1);
    qrels.set(id, grades);
  }
  return { qrels, texts };
}

/** Queries of each part with their judgements; no dev is null. */
interface Judgements {
  train: JudgedQuery[];
  dev: JudgedQuery[] | null;
  test: JudgedQuery[];
}

const noJudgements: Judgements = { train: [], dev: null, test: [] };

async function readJudgements(from: string): Promise<Judgements> {
  const texts = new Map((await readBeirRecords(from, "queries")).map(({ id, text }) => [id, text]));
  const judged = async (part: BeirPart) => {
    const read = await readBeirQrels(from, part);
    return read && joinQueries(read.qrels, texts, read.file);
  };
  const [train, dev, test] = [await judged("train"), await judged("dev"), await judged("test")];
  if (test !== null) return { train: train ?? [], dev, test };
  if (train !== null && dev === null) return { ...noJudgements, test: train };
  throw new DataError(
    `${path.join(from, "qrels/test.tsv")}: file must exist, found none; without any judgements: qrdl init ${from} --no-labels`,
  );
}

const withoutNegatives = (set: ReturnType<typeof knownItems>) => ({
  ...set,
  queries: judgedQueries(set.queries, 1),
  judgedNegatives: false,
});

function joinQueries(qrels: Qrels, texts: ReadonlyMap<string, string>, file: string): JudgedQuery[] {
  return [...qrels].map(([id, grades]) => {
    const text = texts.get(id);
    if (text === undefined)
      throw new DataError(`${file}: query "${id}" must be in queries.jsonl, found none`);
    return { id, fields: { query_search_phrase: text }, grades: Object.fromEntries(grades) };
  });
}
