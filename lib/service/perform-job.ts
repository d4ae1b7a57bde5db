import path from "node:path";
import { stringify } from "yaml";
import { toCamelCase } from "../config/part.js";
import { setDefaultListener } from "../engine/progress.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { UserError } from "../files/user-error.js";
import { isEncoder, loadAnyConfig } from "../retrieval/retrievers/load-any-config.js";
import { runExperiment } from "../runs/run-experiment.js";
import type { LogFile } from "../tracking/log-file.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import type { Callback } from "../training/callbacks/callback.js";
import { fit } from "../training/fit/fit.js";
import type { FitOptions } from "../training/fit/fit-options.js";
import type { FitJob, Job } from "./job.js";
import { packRun } from "./pack-run.js";
import { preparedDataset } from "./prepared-data.js";
import { runDataNames } from "./run-data-names.js";

/** Where a job's run belongs. */
export interface JobPlace {
  root: string;
  experiment: string;
  name: string;
}

/**
 * Does what a run was asked for, from where an earlier attempt stopped, and packs what came of it.
 *
 * @throws UserError for a configuration or data that cannot be used
 */
export async function performJob(job: Job, place: JobPlace, log: LogFile): Promise<RunFolder> {
  const listener = log.listener();
  setDefaultListener(listener);
  const run =
    "fit" in job
      ? await performFit(job.fit, place, log)
      : await performExperiment(job.experiment, place, log);
  await packRun(run, listener);
  return run;
}

async function performExperiment(config: Readonly<Record<string, unknown>>, place: JobPlace, log: LogFile) {
  const file = path.join(place.root, ".service", "configs", place.experiment, `${place.name}.yaml`);
  atomicWriteFile(file, stringify(config));
  return runFile(file, [], place, log);
}

/** A configuration's run at the job's place. */
async function runFile(
  file: string,
  changes: readonly string[],
  place: JobPlace,
  log: LogFile,
): Promise<RunFolder> {
  const where = { output_dir: place.root, task_id: place.experiment, run_id: place.name };
  const overrides = [
    ...changes,
    ...Object.entries(where).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
  ];
  const loaded = loadAnyConfig(file, overrides);
  return runExperiment(file, { overrides, ...(isEncoder(loaded) && { callbacks: [epochLines(log)] }) });
}

async function performFit(job: FitJob, place: JobPlace, log: LogFile): Promise<RunFolder> {
  const data = runDataNames(place.experiment, place.name);
  const tables = { ...data, train: job.train_data ?? data.train };
  const dataset = await preparedDataset(place.root, tables, job.columns, (line) => log.write("line", line));
  if (job.model !== null) return fitModel(job, dataset.dir, place, log);
  if (dataset.recipe === null)
    throw new UserError("fit: the table must have training pairs, got documents and test queries alone");
  for (const key of [
    "loss",
    "miner",
    "optimizer",
    "sampler",
    "model_options",
    "num_items_per_class",
  ] as const)
    if (job[key] !== undefined)
      throw new UserError(`fit: ${key} must be given with a model, which the ready recipe is in place of`);
  const given = {
    num_epochs: job.epochs,
    batch_size: job.batch_size,
    learning_rate: job.learning_rate,
    seed: job.seed,
  };
  const changes = Object.entries({ ...given, "recall_validation.every_epochs": 1 }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  changes.push(`dataset_dir=${JSON.stringify(dataset.dir)}`, `name=${JSON.stringify(place.name)}`);
  return runFile(dataset.recipe, changes, place, log);
}

async function fitModel(job: FitJob, dataset: string, place: JobPlace, log: LogFile): Promise<RunFolder> {
  const { train_data: _, columns: __, loss = "batch_softmax", model, num_items_per_class, ...rest } = job;
  const options = Object.fromEntries(Object.entries(rest).map(([key, value]) => [toCamelCase(key), value]));
  const { run, encoder } = await fit({
    ...(options as Partial<FitOptions>),
    ...{ model: model!, loss, trainData: { dataset } },
    ...(num_items_per_class !== undefined && { itemsPerClass: num_items_per_class }),
    runDir: path.join(place.root, place.experiment, place.name),
    callbacks: [epochLines(log)],
    progress: null,
    tell: (line) => log.write("line", line),
  });
  encoder.dispose();
  return run!;
}

/** A line of the log an epoch, with its measures. */
function epochLines(log: LogFile): Callback {
  return {
    name: "log lines",
    on: {
      epoch_end: ({ epoch, epochs, trainLoss, metrics }) => {
        const some = Object.entries(metrics).filter(
          ([key]) => !key.includes("typos_prob") && /[@]/.test(key),
        );
        const shown = some.slice(0, 3).map(([key, value]) => `, ${key} ${value.toFixed(3)}`);
        log.write("epoch", `epoch ${epoch + 1}/${epochs}: loss ${trainLoss.toFixed(4)}${shown.join("")}`, {
          epoch: epoch + 1,
          metrics: { ...metrics, Loss: trainLoss },
        });
      },
    },
  };
}

/** The folder of a run that is at its place already. */
export function folderOfJob({ root, experiment, name }: JobPlace): RunFolder {
  return runFolderOf({ output_dir: root, task_id: experiment, run_id: name });
}
