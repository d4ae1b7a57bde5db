import { z } from "zod";
import { recallValidationSection } from "./sections/evaluation.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

/** A finished encoder's query tower, searching among the training queries for those that vote for their documents. */
export const neighboursSchema = z.strictObject({
  system: z.literal("neighbours"),
  name: z.string().min(1).default("nearest training queries").describe("what tables call it"),
  task_id: name,
  run_id: name,
  output_dir: z.string().min(1).default("reports/runs").describe("where <task_id>/<run_id>/ is written"),
  commit_hash: z.string().nullable().default(null).describe("provenance; null = ask git"),
  run: z.string().min(1).describe("run folder of an encoder, or a configuration file that is run first"),
  neighbours: z.int().min(1).default(50).describe("training queries that vote"),
  temperature: z
    .number()
    .positive()
    .default(0.1)
    .describe("of the votes exp((cosine − 1) / temperature); the smaller, the more the nearest count"),
  recall_validation: recallValidationSection.prefault({}),
});

export type NeighboursConfig = z.infer<typeof neighboursSchema>;
