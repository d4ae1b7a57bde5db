import path from "node:path";
import { atomicWriteParts } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { type CsvOptions, csvLine, readCsv } from "../csv.js";
import type { DatasetManifest } from "../manifest.js";
import type { EvaluationQuery } from "../queries.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";

export interface HomeDepotOptions {
  /** Folder with train.csv, test.csv and solution.csv of the competition. */
  from: string;
  outDir: string;
  /** Rows of test.csv and of solution.csv that are read. Default 10,000, as published. */
  evaluationRows?: number;
}

/** Relevance from which on, exclusively, a pair counts. */
const relevantAbove = 2;

/** Rows of the four folders that the older revision wrote. */
type Tables = Record<keyof typeof headers, string[][]>;

/**
 * Imports the Home Depot relevance data as the older revision prepared it: rows of train.csv with relevance above 2 train, the
 * products of the first rows of test.csv are searched, and its searches, joined with solution.csv, test. The four folders of
 * CSV that it wrote are beside, as they were.
 *
 * @returns the data set's manifest
 * @throws DataError naming the file and column or row that is wrong
 * @see specs: 0-qdrl section 3.5
 */
export async function importHomeDepot(options: HomeDepotOptions): Promise<DatasetManifest> {
  const tables = homeDepotTables(options);
  const columns = headers["training/qd_pairs"];
  const training = tables["training/qd_pairs"];
  const documents = tables["evaluation/documents"];
  return writeDataset(options.outDir, {
    documents: documents.map(([id, name]) => ({ document_id: id!, document_name: name! })),
    training: Object.fromEntries(columns.map((name, i) => [name, training.map((row) => row[i]!)])),
    validation: {},
    evaluation: [
      {
        name: "test",
        description: `searches of test.csv with the products of relevance above ${relevantAbove}`,
        queries: tables["evaluation/queries"].map(
          ([phrase, ids], i): EvaluationQuery => ({
            id: `q${i}`,
            fields: { query_search_phrase: phrase! },
            relevantIds: JSON.parse(ids!) as string[],
          }),
        ),
        judgedNegatives: false,
      },
    ],
    textColumns: ["query_search_phrase", "document_name"],
    categoryColumn: null,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "published",
    counts: { trainingDocuments: tables["training/documents"].length },
    describe: description,
    writeFiles: (folder) => {
      for (const [name, rows] of Object.entries(tables))
        atomicWriteParts(
          path.join(folder, OLDER_REVISION, name, "part-00000.csv"),
          [headers[name as keyof Tables], ...rows].map((row) => csvLine(row)),
        );
    },
  });
}

const OLDER_REVISION = "older_revision";

const description = {
  name: "home-depot",
  builder: { name: "home-depot", version: 2 },
  options: {},
  sources: [{ name: "Home Depot Product Search Relevance", url: null, licence: "the competition's rules" }],
  licence: "the competition's rules",
  splitRule:
    "The competition's: training pairs of train.csv, searches of test.csv. As published, a search may be in both.",
  notes: [],
  columns: {
    query: { query_search_phrase: "search_term, cleaned" },
    document: { document_id: "product_uid", document_name: "product_title, cleaned" },
  },
};

/**
 * The older revision's four tables.
 *
 * `training/documents`: distinct products; `training/qd_pairs`: rows with relevance above 2; `evaluation/documents` and
 * `evaluation/queries`: the first rows of test.csv joined with the first of solution.csv on `id`, searches with
 * relevance above 2 grouped into sets of ids. Titles and searches are cleaned as queries are, but ł is not folded to l.
 *
 * Differences: rows in test order; sets are JSON lists in one cell, each id once. The competition's files are Latin-1.
 *
 * @throws DataError naming the file and column or row that is wrong
 */
function homeDepotTables({ from, evaluationRows = 10_000 }: HomeDepotOptions): Tables {
  const read = (name: string, columns: string[], limits: CsvOptions = {}) =>
    readCsv(path.join(from, name), columns, { maxMalformed: 0, encoding: "latin1", ...limits }).columns;
  const train = read("train.csv", ["product_uid", "product_title", "search_term", "relevance"]);
  const test = read("test.csv", ["id", "product_uid", "product_title", "search_term"], {
    maxRows: evaluationRows,
  });
  const solution = read("solution.csv", ["id", "relevance"], { maxRows: evaluationRows });

  const pairs = train["relevance"]!.flatMap((value, row) =>
    relevance(value, path.join(from, "train.csv"), row) > relevantAbove
      ? [
          [
            cleanTitle(train["search_term"]![row]!),
            train["product_uid"]![row]!,
            cleanTitle(train["product_title"]![row]!),
          ],
        ]
      : [],
  );
  const grades = new Map(
    solution["id"]!.map((id, row) => [
      id,
      relevance(solution["relevance"]![row]!, path.join(from, "solution.csv"), row),
    ]),
  );
  const judged = test["id"]!.flatMap((id, row) => (grades.has(id) ? [{ row, grade: grades.get(id)! }] : []));
  const queries = new Map<string, Set<string>>();
  for (const { row, grade } of judged) {
    if (grade <= relevantAbove) continue;
    const phrase = cleanTitle(test["search_term"]![row]!);
    queries.set(phrase, (queries.get(phrase) ?? new Set()).add(test["product_uid"]![row]!));
  }
  return {
    "training/documents": distinctDocuments(
      train,
      train["product_uid"]!.map((_, row) => row),
    ),
    "training/qd_pairs": pairs,
    "evaluation/documents": distinctDocuments(
      test,
      judged.map(({ row }) => row),
    ),
    "evaluation/queries": [...queries].map(([phrase, ids]) => [phrase, JSON.stringify([...ids])]),
  };
}

const headers = {
  "training/documents": ["document_id", "document_name"],
  "training/qd_pairs": ["query_search_phrase", "document_id", "document_name"],
  "evaluation/documents": ["document_id", "document_name"],
  "evaluation/queries": ["query_search_phrase", "relevant_document_ids"],
};

/** Cleaning of that revision: without the ł rule, so ł vanishes. */
function cleanTitle(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9 ]/g, "")
    .trim();
}

function distinctDocuments(columns: Record<string, string[]>, rows: readonly number[]): string[][] {
  const titles = new Map<string, string>();
  for (const row of rows) {
    const id = columns["product_uid"]![row]!;
    if (!titles.has(id)) titles.set(id, cleanTitle(columns["product_title"]![row]!));
  }
  return [...titles];
}

function relevance(value: string, file: string, row: number): number {
  const grade = Number(value);
  if (value === "" || Number.isNaN(grade))
    throw new DataError(`${file}: row ${row + 1}: relevance must be a number, got "${value}"`);
  return grade;
}
