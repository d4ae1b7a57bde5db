import { z } from "zod";
import { FOLDER_NAME } from "./served-runs.js";

/** Of experiments, runs, data and artifacts: a folder or file by that name. */
export const nameSchema = z
  .string()
  .regex(FOLDER_NAME, { error: "must be at most 128 letters, digits, '.', '_' or '-'" });

/** Further options of one kind of part, as code and configurations spell them. */
const options = z.record(z.string().max(100), z.unknown());
const part = z.union([z.string().max(100), z.looseObject({ kind: z.string().max(100) })]);

/** A training by `fit` on a table that was uploaded. */
export const fitSchema = z.strictObject({
  train_data: nameSchema
    .optional()
    .describe("name of uploaded data; default: what was uploaded as the run's train"),
  columns: z
    .record(z.string().max(100), z.string().max(1000).nullable())
    .default({})
    .describe(
      "role (query, title, id, text, category, grade, part …) → column of the table; the others are guessed",
    ),
  model: z
    .string()
    .max(200)
    .nullable()
    .default(null)
    .describe(
      "encoder by name, as fit takes it; null: words and their n-grams, the ready recipe of `qdrl init`",
    ),
  model_options: options.optional(),
  loss: part.optional(),
  miner: part.optional(),
  optimizer: part.optional(),
  sampler: z.string().max(100).optional(),
  num_items_per_class: z.int().min(1).optional(),
  learning_rate: z.number().positive().optional(),
  epochs: z.int().min(1).max(100_000).optional(),
  batch_size: z.int().min(2).max(1_000_000).optional(),
  seed: z.int().min(0).optional(),
});

/** What a run does: an experiment's configuration, or a fit. */
export const jobSchema = z.union([
  z.strictObject({
    experiment: options.describe("a configuration as YAML holds it; where it is written is the service's"),
  }),
  z.strictObject({ fit: fitSchema }),
]);

export type Job = z.output<typeof jobSchema>;
export type FitJob = z.output<typeof fitSchema>;
