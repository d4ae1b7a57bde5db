import { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import { ownEntry } from "../../files/own-entry.js";
import {
  type JudgedQuery,
  judgedQueries,
  relevantPairs,
  splitQueries,
  withoutTested,
} from "../judged-split.js";
import type { DatasetManifest } from "../manifest.js";
import { readParquetGroups, type TextColumns } from "../parquet.js";
import { emptyReadReport } from "../read-report.js";
import { type PinnedFile, type SourceOptions, sourcePaths } from "../source-files.js";
import { defaultDictionarySizes, writeDataset } from "../write-dataset.js";

const base =
  "https://github.com/amazon-science/esci-data/raw/7e0e3073f5ca36c0b5ff79e847cf99a74597645d/shopping_queries_dataset";
const EXAMPLES = "shopping_queries_dataset_examples.parquet";
const PRODUCTS = "shopping_queries_dataset_products.parquet";

const esciFiles: readonly PinnedFile[] = [
  {
    name: EXAMPLES,
    url: `${base}/${EXAMPLES}`,
    sha256: "4a735b693b4a424a6fc67f5be6e4c811495c488bbf66d02a602d308b2744263a",
  },
  {
    name: PRODUCTS,
    url: `${base}/${PRODUCTS}`,
    sha256: "25124442d064d64b26f74082d6fa09438d679efc0c183cf28d19064a2b65a265",
  },
];

/** The challenge's gains, 1, 0.1, 0.01 and 0, a hundredfold: nDCG with linear gains is then the challenge's. */
const GRADES: Readonly<Record<string, number>> = { E: 100, S: 10, C: 1, I: 0 };
const EXACT = 100;
/** 1.1 GB take their time. */
const TIMEOUT_MS = 3_600_000;

export const esciLocales = ["us", "es", "jp"] as const;
export type EsciLocale = (typeof esciLocales)[number];

export interface EsciOptions extends SourceOptions {
  outDir: string;
  /** Default 42. */
  seed?: number;
  /** Default us. */
  locale?: EsciLocale;
  /** Queries of the large version, of which easier ones make the most. Default false: the reduced version's. */
  large?: boolean;
}

/**
 * Imports one market of the Shopping Queries data set (ESCI): the products that were judged there, and searches with four grades:
 * exact, substitute, complement, irrelevant. Exact ones are relevant. The source's test is the test; a tenth of its training
 * searches is validation, by near-duplicate group.
 *
 * @throws DataError if a source is missing or differs from the pinned one
 * @see Reddy et al. 2022, arXiv:2206.06588
 */
export async function importEsci(options: EsciOptions): Promise<DatasetManifest> {
  const paths = await sourcePaths(esciFiles, { timeoutMs: TIMEOUT_MS, ...options });
  return writeEsci(paths.get(EXAMPLES)!, paths.get(PRODUCTS)!, options);
}

/** {@link importEsci} from the paths of the two files. */
export async function writeEsci(
  examples: string,
  products: string,
  { outDir, seed = 42, locale = "us", large = false }: Omit<EsciOptions, keyof SourceOptions>,
): Promise<DatasetManifest> {
  const judged = await readExamples(examples, locale, large ? "large_version" : "small_version");
  const wanted = new Set([...judged.train, ...judged.test].flatMap(({ grades }) => Object.keys(grades)));
  const documents = await readProducts(products, locale, wanted);
  const byId = new Map(documents.map((document) => [document["document_id"]!, document]));
  const known = withoutTested(judged.train, judged.test);
  const split = splitQueries(known, { validation: 0.1, test: 0 }, seed);
  const random = new Random(seed);
  const part = (name: string, description: string, queries: readonly JudgedQuery[]) => ({
    name,
    description,
    queries: judgedQueries(queries, EXACT),
    judgedNegatives: true,
  });
  return writeDataset(outDir, {
    documents,
    training: relevantPairs(split.training, byId, EXACT, random.fork("training")),
    validation: relevantPairs(split.validation, byId, EXACT, random.fork("validation")),
    evaluation: [
      part("test", "the source's test searches", judged.test),
      part("validation", "a tenth of the source's training searches", split.validation),
    ],
    textColumns: [
      "query_search_phrase",
      "document_name",
      "document_brand",
      "document_color",
      "document_bullets",
    ],
    categoryColumn: null,
    dictionarySizes: defaultDictionarySizes,
    cleaning: "unicode",
    counts: {
      trainingQueries: split.training.length,
      queriesDroppedAsTested: judged.train.length - known.length,
      judgedDocumentsNotInPool: [...wanted].filter((id) => !byId.has(id)).length,
    },
    describe: describe({ seed, locale, large }),
  });
}

/** Rows of a Parquet file, a row group at a time. */
async function* rowsOf(
  file: string,
  columns: readonly string[],
): AsyncGenerator<{ at: TextColumns; rows: number }> {
  const limits = { maxMalformed: 100 };
  for await (const at of readParquetGroups(file, columns, limits, emptyReadReport()))
    yield { at, rows: at[columns[0]!]!.length };
}

/** Searches of one market in the version of that column, by part. */
async function readExamples(
  file: string,
  locale: EsciLocale,
  version: "small_version" | "large_version",
): Promise<Record<"train" | "test", JudgedQuery[]>> {
  const columns = ["query", "query_id", "product_id", "product_locale", "esci_label", version, "split"];
  const parts = { train: new Map<string, JudgedQuery>(), test: new Map<string, JudgedQuery>() };
  for await (const { at, rows } of rowsOf(file, columns))
    for (let row = 0; row < rows; row++) {
      if (at["product_locale"]![row] !== locale || Number(at[version]![row]) !== 1) continue;
      const label = at["esci_label"]![row]!;
      const grade = ownEntry(GRADES, label);
      const part = at["split"]![row]!;
      if (grade === undefined)
        throw new DataError(`${file}: esci_label must be E, S, C or I, got "${label}"`);
      if (part !== "train" && part !== "test")
        throw new DataError(`${file}: split must be train or test, got "${part}"`);
      const id = at["query_id"]![row]!;
      const query = parts[part].get(id) ?? {
        id,
        fields: { query_search_phrase: at["query"]![row]! },
        grades: {},
      };
      query.grades[at["product_id"]![row]!] = grade;
      parts[part].set(id, query);
    }
  if (parts.train.size === 0 || parts.test.size === 0)
    throw new DataError(
      `${file}: must hold searches of the market ${locale} to train and to test on, got ${parts.train.size} and ${parts.test.size}`,
    );
  return { train: [...parts.train.values()], test: [...parts.test.values()] };
}

/** The wanted products of one market. */
async function readProducts(
  file: string,
  locale: EsciLocale,
  wanted: ReadonlySet<string>,
): Promise<Record<string, string>[]> {
  const names = {
    document_id: "product_id",
    document_name: "product_title",
    document_brand: "product_brand",
    document_color: "product_color",
    document_bullets: "product_bullet_point",
    document_description: "product_description",
  };
  const documents: Record<string, string>[] = [];
  for await (const { at, rows } of rowsOf(file, [...Object.values(names), "product_locale"]))
    for (let row = 0; row < rows; row++)
      if (at["product_locale"]![row] === locale && wanted.has(at["product_id"]![row]!))
        documents.push(
          Object.fromEntries(Object.entries(names).map(([name, from]) => [name, at[from]![row]!])),
        );
  return documents;
}

function describe({ seed, locale, large }: { seed: number; locale: EsciLocale; large: boolean }) {
  return {
    name: "esci",
    builder: { name: "esci", version: 1 },
    options: { seed, locale, large },
    sources: [{ name: "Shopping Queries Data Set (ESCI)", url: esciFiles[0]!.url, licence: "Apache-2.0" }],
    licence: "Apache-2.0",
    splitRule:
      "The source's test; a tenth of its training searches is validation, by near-duplicate group. Training searches with the same words as one of the test are left out.",
    notes: [
      "Grades are the challenge's gains a hundredfold: exact 100, substitute 10, complement 1, irrelevant 0. Exact products are relevant.",
      "The pool is every product judged in this market and version; products that nobody judged are not in it.",
    ],
    columns: {
      query: { query_search_phrase: "query" },
      document: {
        document_id: "product_id",
        document_name: "product_title",
        document_brand: "product_brand",
        document_color: "product_color",
        document_bullets: "product_bullet_point",
        document_description: "product_description",
      },
    },
  };
}
