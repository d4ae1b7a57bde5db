import { z } from "zod";
import { configCleaning } from "../../experiment/config-cleaning.js";
import { loadEvaluation } from "../../experiment/load-experiment.js";
import { textSection } from "../../experiment/sections/text.js";
import { TextScan } from "../../experiment/text-scan.js";
import { trainingQueriesOf } from "../../experiment/training-queries.js";
import { asWritten, type TextCleaning } from "../../tokenizer/text-cleaning.js";
import { bm25Analyzer } from "../lexical/bm25-analysis.js";
import { Bm25Retriever } from "./bm25-retriever.js";
import { evaluationKeys, identityKeys, outputKeys, type RetrievalSystem } from "./retrieval-system.js";

const STOP_WORDS = ["english"] as const;
const VARIANTS = ["lucene", "robertson", "atire", "bm25+", "bm25l"] as const;

const keys = z.strictObject({
  ...identityKeys("bm25", "BM25"),
  dataset_dir: z.string().min(1).describe("a data-set folder, from the workspace root"),
  ...outputKeys,
  max_malformed_rows: z
    .int()
    .min(0)
    .default(100)
    .describe("data rows that may be unreadable before the run stops"),
  query_text: z.string().min(1).default("query_search_phrase").describe("column searched with"),
  document_text: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .default("document_name")
    .describe("column searched in, or a list of columns joined by spaces"),
  fields: z
    .array(
      z
        .strictObject({
          document_text: z
            .array(z.string().min(1))
            .default([])
            .describe("columns among the configuration's document_text, joined by spaces"),
          training_queries: z
            .boolean()
            .default(false)
            .describe(
              "also the training queries that the document answers: what a search engine has as clicks",
            ),
          weight: z.number().positive().default(1).describe("factor of the field's score"),
        })
        .refine((field) => field.document_text.length > 0 || field.training_queries, {
          path: ["document_text"],
          error: "must name a column unless training_queries is true, got none",
        }),
    )
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "parts of a document that are scored apart, each with its own lengths and document frequencies, and summed; null = document_text as one. Training rows are matched to documents by all columns of document_text",
    ),
  text: textSection.describe("how all texts are read"),
  analysis: z
    .discriminatedUnion("type", [
      z
        .strictObject({ type: z.literal("cleaned") })
        .describe("words by text.cleaning: the tokens that encoders read"),
      z
        .strictObject({
          type: z.literal("standard"),
          stop_words: z.enum(STOP_WORDS).nullable().default("english").describe("list by name, or none"),
          stemmer: z
            .string()
            .min(1)
            .nullable()
            .default("english")
            .describe("Snowball stemmer by language, or none"),
          min_length: z.int().min(1).default(2).describe("fewest characters of a token"),
        })
        .describe(
          "words by text.cleaning (published: runs of letters, marks and digits), stop words out, stemmed",
        ),
      z
        .strictObject({
          type: z.literal("ngrams"),
          min_length: z.int().min(1).default(3).describe("characters of the shortest, bounds counted"),
          max_length: z.int().min(1).default(3).describe("characters of the longest"),
          words: z.boolean().default(true).describe("whole words too"),
        })
        .refine((ngrams) => ngrams.max_length >= ngrams.min_length, {
          path: ["max_length"],
          error: "must be at least min_length",
        })
        .describe(
          "character n-grams of each cleaned <word>, before scripts without spaces are cut into words: finds misspelled words",
        ),
    ])
    .default({ type: "cleaned" })
    .describe("how texts become tokens"),
  variant: z.enum(VARIANTS).default("lucene").describe("formula"),
  delta: z.number().min(0).optional().describe("lower bound of bm25+ (default 1) and bm25l (default 0.5)"),
  k1: z.number().min(0).default(1.2).describe("term-frequency saturation"),
  b: z.number().min(0).max(1).default(0.75).describe("length normalisation"),
  ...evaluationKeys,
});

/** The lexical baseline: an index over document columns, evaluated like any run. */
export const bm25Schema = keys.superRefine(({ document_text: text, fields }, context) => {
  const columns = typeof text === "string" ? [text] : text;
  (fields ?? []).forEach((field, i) => {
    for (const column of field.document_text)
      if (!columns.includes(column))
        context.addIssue({
          code: "custom",
          path: ["fields", i, "document_text"],
          message: `must name columns of document_text (${columns.join(", ")}), got "${column}"`,
        });
  });
});

export type Bm25Config = z.infer<typeof bm25Schema>;

/** A lexical baseline over document columns. */
export const bm25System: RetrievalSystem<Bm25Config> = {
  system: "bm25",
  summary: "a BM25 baseline",
  schema: bm25Schema,
  async open(config, { listener }) {
    const columns = documentColumns(config);
    const cleaning = configCleaning(config);
    const scan = new TextScan(cleaning, listener);
    const { dataset, sets, counts } = await loadEvaluation(config, [config.query_text], columns, listener, {
      scan,
      query: [{ name: config.query_text, columns: [config.query_text] }],
      document: [{ name: columns.join(" + "), columns }],
    });
    return {
      config,
      retriever: bm25Retriever(config, cleaning),
      sets,
      textColumns: [config.query_text],
      queryColumns: [config.query_text],
      prepare: queryPreparation(config, cleaning),
      cleaning,
      nameColumn: columns[0]!,
      documentColumns: columns,
      origin: { seed: 0, dataset, backend: "none", counts: { ...counts, ...scan.finish() } },
      close: () => {},
    };
  },
};

/** The searcher that a configuration describes, before it has indexed anything. */
function bm25Retriever(config: Bm25Config, cleaning: TextCleaning): Bm25Retriever {
  const { analysis, query_text: query } = config;
  const documents = documentColumns(config);
  return new Bm25Retriever({
    query,
    fields: config.fields?.map((field) => ({
      columns: field.document_text,
      trainingQueries: field.training_queries,
      weight: field.weight,
    })) ?? [{ columns: documents, trainingQueries: false, weight: 1 }],
    trainingQueries: (pool) =>
      trainingQueriesOf(config.dataset_dir, { query, documents }, pool, {
        maxMalformed: config.max_malformed_rows,
      }),
    k1: config.k1,
    b: config.b,
    variant: config.variant,
    ...(config.delta === undefined ? {} : { delta: config.delta }),
    analyze: bm25Analyzer(analysis, cleaning),
  });
}

/** Columns searched in. */
export function documentColumns(config: Bm25Config): string[] {
  return typeof config.document_text === "string" ? [config.document_text] : config.document_text;
}

/** What happens to a query before typos and analysis: the standard analysis reads texts as they are written. */
function queryPreparation({ analysis }: Bm25Config, cleaning: TextCleaning): (text: string) => string {
  return analysis.type === "standard" ? asWritten : cleaning.clean;
}
