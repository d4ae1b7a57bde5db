import { z } from "zod";
import { recallValidationSection } from "./sections/evaluation.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

/** Two finished runs, an encoder and BM25 say, answering together. */
export const fusionSchema = z.strictObject({
  system: z.literal("fusion"),
  name: z.string().min(1).default("fusion").describe("what tables call it"),
  task_id: name,
  run_id: name,
  output_dir: z.string().min(1).default("reports/runs").describe("where <task_id>/<run_id>/ is written"),
  commit_hash: z.string().nullable().default(null).describe("provenance; null = ask git"),
  runs: z
    .tuple([z.string().min(1), z.string().min(1)])
    .describe("run folders on the same data set, or configuration files that are run first"),
  kind: z
    .enum(["reciprocal-rank", "min-max", "z-score", "sum"])
    .default("min-max")
    .describe("how rankings become one"),
  weight: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe(
      "of the first run, the second has the rest; null = searched on validation_set (equal for reciprocal-rank)",
    ),
  validation_set: z
    .string()
    .min(1)
    .default("validation")
    .describe("evaluation set that the weight is chosen on; never one that results are reported on"),
  measure: z.string().min(1).default("nDCG@10").describe("what the chosen weight makes best"),
  validation_typos: z
    .array(z.number().min(0).max(1))
    .min(1)
    .default([0])
    .describe(
      "typo probabilities at which the validation queries are asked for the choice; 0 = as they are. Several count alike",
    ),
  depth: z.int().min(10).default(200).describe("results of each run that are fused"),
  recall_validation: recallValidationSection.prefault({}),
});

export type FusionConfig = z.infer<typeof fusionSchema>;
