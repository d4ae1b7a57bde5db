import { z } from "zod";
import { recallValidationSection } from "./sections/evaluation.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

const STOP_WORDS = ["english"] as const;
const VARIANTS = ["lucene", "robertson", "atire", "bm25+", "bm25l"] as const;

const keys = z.strictObject({
  system: z.literal("bm25"),
  name: z.string().min(1).default("BM25").describe("what tables call it"),
  task_id: name,
  run_id: name,
  dataset_dir: z.string().min(1).describe("a data-set folder, from the workspace root"),
  output_dir: z.string().min(1).default("reports/runs").describe("where <task_id>/<run_id>/ is written"),
  commit_hash: z.string().nullable().default(null).describe("provenance; null = ask git"),
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
  analysis: z
    .discriminatedUnion("type", [
      z
        .strictObject({ type: z.literal("cleaned") })
        .describe("the workspace's cleaning, split at spaces: the tokens that encoders read"),
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
        .describe("runs of letters and digits, stop words out, stemmed"),
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
        .describe("character n-grams of each cleaned <word>: finds misspelled words"),
    ])
    .default({ type: "cleaned" })
    .describe("how texts become tokens"),
  variant: z.enum(VARIANTS).default("lucene").describe("formula"),
  delta: z.number().min(0).optional().describe("lower bound of bm25+ (default 1) and bm25l (default 0.5)"),
  k1: z.number().min(0).default(1.2).describe("term-frequency saturation"),
  b: z.number().min(0).max(1).default(0.75).describe("length normalisation"),
  recall_validation: recallValidationSection.prefault({}),
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
