import path from "node:path";
import { stringify } from "yaml";
import { atomicWriteFile } from "../files/atomic-write.js";
import { UserError } from "../files/user-error.js";
import type { FitJob, Job } from "./job.js";
import { type Prepared, preparedDataset } from "./prepared-data.js";
import { runDataNames } from "./run-data-names.js";

/** Where a job's run belongs. */
export interface JobPlace {
  root: string;
  experiment: string;
  name: string;
}

/** A configuration file and what is changed in it, "key.path=value" each. */
export interface JobConfig {
  file: string;
  changes: string[];
}

/** Options of a fit that only a model has. */
const OF_MODELS = ["loss", "miner", "optimizer", "sampler", "model_options", "num_items_per_class"] as const;

/**
 * The configuration that a job comes to, with its run at the job's place; null for a fit of a model, which has none.
 *
 * @throws UserError for tables that nothing can be trained on, and options that mean nothing without a model
 */
export async function jobConfig(
  job: Job,
  place: JobPlace,
  tell: (line: string) => void,
): Promise<JobConfig | null> {
  const where = { output_dir: place.root, task_id: place.experiment, run_id: place.name };
  const changes = Object.entries(where).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  if ("experiment" in job) {
    const file = path.join(place.root, ".service", "configs", place.experiment, `${place.name}.yaml`);
    atomicWriteFile(file, stringify(job.experiment));
    return { file, changes };
  }
  if (job.fit.model !== null) return null;
  const { recipe, dir } = await jobData(job.fit, place, tell);
  if (recipe === null)
    throw new UserError("fit: the table must have training pairs, got documents and test queries alone");
  for (const key of OF_MODELS)
    if (job.fit[key] !== undefined)
      throw new UserError(`fit: ${key} must be given with a model, which the ready recipe is in place of`);
  const { epochs: num_epochs, batch_size, learning_rate, seed } = job.fit;
  const given = {
    ...{ num_epochs, batch_size, learning_rate, seed },
    ...{ "recall_validation.every_epochs": 1, "recall_validation.before_training": true },
  };
  for (const [key, value] of Object.entries(given)) if (value !== undefined) changes.push(`${key}=${value}`);
  changes.push(`dataset_dir=${JSON.stringify(dir)}`, `name=${JSON.stringify(place.name)}`);
  return { file: recipe, changes };
}

/** The data set of a fit's tables. */
export function jobData(fit: FitJob, place: JobPlace, tell: (line: string) => void): Promise<Prepared> {
  const data = runDataNames(place.experiment, place.name);
  return preparedDataset(place.root, { ...data, train: fit.train_data ?? data.train }, fit.columns, tell);
}
