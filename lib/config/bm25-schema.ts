import { z } from "zod";
import { recallValidationSection } from "./sections/evaluation.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

const STOP_WORDS = ["english"] as const;
const VARIANTS = ["lucene", "robertson", "atire", "bm25+", "bm25l"] as const;

/** The lexical baseline: an index over document columns, evaluated like any run. */
export const bm25Schema = z.strictObject({
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

export type Bm25Config = z.infer<typeof bm25Schema>;
