import fs from "node:fs";
import path from "node:path";
import { openDataset } from "../../datasets/open-dataset.js";
import { createEncoder } from "../../encoders/create-encoder.js";
import type { Encoder } from "../../encoders/encoder.js";
import { setParameters } from "../../encoders/parameters.js";
import { type BackendChoice, selectBackend } from "../../engine/backend.js";
import type { Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { loadStoredConfig } from "../../experiment/load-config.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { readModel } from "../../files/model-file.js";
import { UserError } from "../../files/user-error.js";
import { checkData } from "../../tracking/check-origin.js";
import { listCheckpoints, readCheckpoint } from "../../tracking/checkpoint.js";
import { openRun, type RunFolder } from "../../tracking/run-folder.js";

/**
 * A trained encoder with the configuration it was trained by. The caller disposes of the encoder.
 *
 * @throws UserError if the data set has changed since; where there is none any more, the weights are still good
 */
export async function openEncoder(
  dir: string,
  options: { checkpoint?: string; listener?: Listener } = {},
): Promise<{ run: RunFolder; config: ExperimentConfig; encoder: Encoder }> {
  const run = openRun(dir);
  const { kind } = run.manifest();
  if (kind !== "dense") throw new UserError(`${dir}: must be a run with an encoder, got a ${kind} run`);
  const config = loadStoredConfig(run.configFile);
  if (options.checkpoint === undefined && !fs.existsSync(run.model))
    throw new UserError(
      `${run.model}: must exist, got a run that has not finished; name one of its checkpoints`,
    );
  if (options.checkpoint !== undefined && !fs.existsSync(options.checkpoint))
    throw new UserError(
      `${options.checkpoint}: must exist, found none; keep_checkpoints of ${dir} is ${config.keep_checkpoints}, all keeps every epoch's, and there are: ${
        listCheckpoints(run.checkpoints)
          .map((file) => path.basename(file))
          .join(", ") || "none, the model alone"
      }`,
    );
  const parameters =
    options.checkpoint === undefined ? readModel(run.model) : readCheckpoint(options.checkpoint).parameters;
  if (fs.existsSync(config.dataset_dir)) checkData(run, openDataset(config.dataset_dir));
  const backend = await selectHere(config.backend);
  options.listener?.line?.(backend.line);
  const encoder = createEncoder(encoderSpec(config), new Random(config.seed));
  setParameters(encoder, parameters);
  return { run, config, encoder };
}

/** The backend that a run was trained on; where this machine lacks the native library, the one that is here. */
async function selectHere(trained: ExperimentConfig["backend"]): Promise<BackendChoice> {
  if (trained !== "tensorflow") return selectBackend(trained);
  try {
    return await selectBackend(trained);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const choice = await selectBackend("auto");
    return { ...choice, line: `${choice.line}; trained on tensorflow, which is not here` };
  }
}
