import { z } from "zod";
import { recallValidationSection } from "./sections/evaluation.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" });

const keys = z.strictObject({
  system: z.literal("fusion"),
  name: z.string().min(1).default("fusion").describe("what tables call it"),
  task_id: name,
  run_id: name,
  output_dir: z.string().min(1).default("reports/runs").describe("where <task_id>/<run_id>/ is written"),
  commit_hash: z.string().nullable().default(null).describe("provenance; null = ask git"),
  runs: z
    .array(z.string().min(1))
    .min(2)
    .describe("run folders on the same data set, or configuration files that are run first"),
  kind: z
    .enum(["reciprocal-rank", "min-max", "z-score", "sum"])
    .default("min-max")
    .describe("how rankings become one"),
  weights: z
    .array(z.number().min(0))
    .refine((weights) => weights.some((weight) => weight > 0), { error: "must not all be 0" })
    .nullable()
    .default(null)
    .describe("one per run; null = searched on validation_set (equal for reciprocal-rank)"),
  validation_set: z
    .string()
    .min(1)
    .default("validation")
    .describe("evaluation set that weights are chosen on; never one that results are reported on"),
  measure: z.string().min(1).default("nDCG@10").describe("what the chosen weights make best"),
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

/** Finished runs, an encoder and BM25 say, answering together. */
export const fusionSchema = keys.superRefine(({ runs, weights }, context) => {
  if (weights !== null && weights.length !== runs.length)
    context.addIssue({
      code: "custom",
      path: ["weights"],
      message: `must have one number per run, ${runs.length}, got ${weights.length}`,
    });
});

export type FusionConfig = z.infer<typeof fusionSchema>;
