import path from "node:path";
import { toCamelCase } from "../config/part.js";
import { setDefaultListener } from "../engine/progress.js";
import { isEncoder, loadAnyConfig } from "../retrieval/retrievers/load-any-config.js";
import { runExperiment } from "../runs/run-experiment.js";
import type { LogFile } from "../tracking/log-file.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import type { Callback } from "../training/callbacks/callback.js";
import { fit } from "../training/fit/fit.js";
import type { FitOptions } from "../training/fit/fit-options.js";
import type { FitJob, Job } from "./job.js";
import { type JobConfig, type JobPlace, jobConfig, jobData } from "./job-config.js";
import { packRun } from "./pack-run.js";

/**
 * Does what a run was asked for, from where an earlier attempt stopped, and packs what came of it.
 *
 * @throws UserError for a configuration or data that cannot be used
 */
export async function performJob(job: Job, place: JobPlace, log: LogFile): Promise<RunFolder> {
  const listener = log.listener();
  setDefaultListener(listener);
  const config = await jobConfig(job, place, (line) => log.write("line", line));
  const run = config
    ? await runConfig(config, log)
    : await fitModel((job as { fit: FitJob }).fit, place, log);
  await packRun(run, listener);
  return run;
}

async function runConfig({ file, changes }: JobConfig, log: LogFile): Promise<RunFolder> {
  const loaded = loadAnyConfig(file, changes);
  return runExperiment(file, {
    overrides: changes,
    ...(isEncoder(loaded) && { callbacks: [epochLines(log)] }),
  });
}

async function fitModel(job: FitJob, place: JobPlace, log: LogFile): Promise<RunFolder> {
  const { dir: dataset } = await jobData(job, place, (line) => log.write("line", line));
  const { train_data: _, columns: __, loss = "batch_softmax", model, num_items_per_class, ...rest } = job;
  const options = Object.fromEntries(Object.entries(rest).map(([key, value]) => [toCamelCase(key), value]));
  const { run, encoder } = await fit({
    ...(options as Partial<FitOptions>),
    ...{ model: model!, loss, trainData: { dataset } },
    ...(num_items_per_class !== undefined && { itemsPerClass: num_items_per_class }),
    runDir: path.join(place.root, place.experiment, place.name),
    evaluateBefore: true,
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
