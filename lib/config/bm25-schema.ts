import { z } from "zod";
import { recallValidationSection } from "./sections/evaluation.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

/** The lexical baseline: an index over one document column, evaluated like any run. */
export const bm25Schema = z.strictObject({
  system: z.literal("bm25"),
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
  document_text: z.string().min(1).default("document_name").describe("column searched in"),
  k1: z.number().min(0).default(1.2).describe("term-frequency saturation"),
  b: z.number().min(0).max(1).default(0.75).describe("length normalisation"),
  recall_validation: recallValidationSection.prefault({}),
});

export type Bm25Config = z.infer<typeof bm25Schema>;
