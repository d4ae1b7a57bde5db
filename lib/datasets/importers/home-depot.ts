import path from "node:path";
import { atomicWriteParts } from "../../files/atomic-write.js";
import { DataError } from "../../files/data-error.js";
import { replaceFolder } from "../../files/replace-folder.js";
import { type CsvOptions, csvLine, readCsv } from "../csv.js";

export interface HomeDepotOptions {
  /** Folder with train.csv, test.csv and solution.csv of the competition. */
  from: string;
  outDir: string;
  /** Rows of test.csv and of solution.csv that are read. Default 10,000, as published. */
  evaluationRows?: number;
}

/** Relevance from which on, exclusively, a pair counts. */
const relevantAbove = 2;

/**
 * Prepares the Home Depot relevance data as the older revision did: four folders with one CSV part each.
 *
 * `training/documents`: distinct products; `training/qd_pairs`: rows with relevance above 2; `evaluation/documents` and
 * `evaluation/queries`: the first rows of test.csv joined with the first of solution.csv on `id`, searches with
 * relevance above 2 grouped into sets of ids. Titles and searches are cleaned as queries are, but ł is not folded to l.
 *
 * Differences: rows in test order; sets are JSON lists in one cell, each id once. The competition's files are Latin-1.
 *
 * @returns rows per folder
 * @throws DataError naming the file and column or row that is wrong
 * @see specs: 0-qdrl section 3.5
 */
export async function prepareHomeDepot({
  from,
  outDir,
  evaluationRows = 10_000,
}: HomeDepotOptions): Promise<Record<string, number>> {
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
  const tables: Record<string, string[][]> = {
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
  await replaceFolder(
    outDir,
    async (folder) => {
      for (const [name, rows] of Object.entries(tables))
        atomicWriteParts(
          path.join(folder, name, "part-00000.csv"),
          [headers[name]!, ...rows].map((row) => csvLine(row)),
        );
    },
    ["training", "manifest.json"],
  );
  return Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, rows.length]));
}

const headers: Readonly<Record<string, string[]>> = {
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
