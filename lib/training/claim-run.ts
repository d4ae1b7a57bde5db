import fs from "node:fs";
import path from "node:path";
import { openDataset } from "../datasets/open-dataset.js";
import { configCleaning } from "../experiment/config-cleaning.js";
import { formatConfig, loadStoredConfig } from "../experiment/load-config.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { systemName } from "../experiment/specs.js";
import { scheduleNeedsLength } from "../experiment/training-specs.js";
import { writeSealedYaml } from "../files/sealed-text.js";
import { UserError } from "../files/user-error.js";
import { type Checkpoint, latestCheckpoint, removeHalfWritten } from "../tracking/checkpoint.js";
import type { Manifest, RunFolder } from "../tracking/run-folder.js";

/** With the cleaning that it comes to, said or not. */
function withCleaning(config: ExperimentConfig): ExperimentConfig {
  return { ...config, text: { cleaning: configCleaning(config).name } };
}

/** Whether a folder holds this very run, finished, on whatever data: what may change in it since does not matter. */
export function holdsFinishedRun(run: RunFolder, config: ExperimentConfig): boolean {
  return changedSince(run, config) !== null;
}

/** Keys that have changed in a finished run and may; null if the folder holds no such run. */
function changedSince(run: RunFolder, config: ExperimentConfig): string[] | null {
  if (!fs.existsSync(path.join(run.dir, "manifest.json")) || !fs.existsSync(run.configFile)) return null;
  if (run.manifest().status !== "finished") return null;
  const changed = differingKeys(withCleaning(loadStoredConfig(run.configFile)), withCleaning(config));
  return changed.some((key) => !MAY_CHANGE.has(key) || key === "num_epochs") ? null : changed;
}

/**
 * Whether a folder holds this very run on the present data, finished. What has changed and may is written down, and
 * checkpoints that are not kept are removed, if a kill came between.
 */
export function isDone(run: RunFolder, config: ExperimentConfig): boolean {
  const changed = config.reuse_epoch ? changedSince(run, config) : null;
  if (changed === null) return false;
  const manifest = run.manifest();
  if (openDataset(config.dataset_dir).fingerprint !== manifest.dataset.fingerprint) return false;
  if (changed.includes("name")) run.writeManifest({ ...manifest, system: systemName(config) });
  if (config.keep_checkpoints === 0) fs.rmSync(run.checkpoints, { recursive: true, force: true });
  if (changed.length > 0) writeSealedYaml(run.configFile, formatConfig(config));
  return true;
}

/** Writes the configuration of a new run, or checks that an old one is the same experiment on the same data. */
export function claimRun(
  run: RunFolder,
  config: ExperimentConfig,
  dataset: Manifest["dataset"],
): Manifest | null {
  if (!fs.existsSync(run.configFile)) {
    writeSealedYaml(run.configFile, formatConfig(config));
    return null;
  }
  const stored = loadStoredConfig(run.configFile);
  const changed = differingKeys(withCleaning(stored), withCleaning(config)).filter(
    (key) => !MAY_CHANGE.has(key) || (key === "num_epochs" && scheduleNeedsLength(config)),
  );
  if (changed.length > 0)
    throw new UserError(
      `${run.configFile}: a run goes on only with its own configuration, got another ${changed.join(", ")}; choose another run_id or start over with --fresh`,
    );
  const manifest = claimData(
    run,
    dataset,
    config.dataset_dir,
    "choose another run_id or start over with --fresh",
  );
  if (manifest && differingKeys(stored, config).length > 0)
    writeSealedYaml(run.configFile, formatConfig(config));
  return manifest;
}

/** The manifest of a run that was begun, null if there is none. @throws RangeError if it was begun on other data */
export function claimData(
  run: RunFolder,
  dataset: Manifest["dataset"],
  where: string,
  hint: string,
): Manifest | null {
  if (!fs.existsSync(path.join(run.dir, "manifest.json"))) return null;
  const manifest = run.manifest();
  if (manifest.dataset.fingerprint !== dataset.fingerprint)
    throw new UserError(
      `${where}: a run goes on only with its own data, fingerprint must be ${manifest.dataset.fingerprint}, got ${dataset.fingerprint}; ${hint}`,
    );
  return manifest;
}

/** Settings that do not decide what an epoch computes. */
const MAY_CHANGE = new Set([
  "name",
  "num_epochs",
  "keep_checkpoints",
  "checkpoint_every",
  "reuse_epoch",
  "commit_hash",
  "output_dir",
  "search",
]);

function differingKeys(a: ExperimentConfig, b: ExperimentConfig): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof ExperimentConfig>;
  return [...keys].filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}

/**
 * Gives the newest whole checkpoint to whoever goes on from it, and forgets what was measured later.
 *
 * @param reuseEpoch  false: weights and optimiser state alone are taken over, and epochs counted from 0
 */
export function resumeRun(
  run: RunFolder,
  session: { restore(saved: Checkpoint): void; restoreTrainer(saved: Checkpoint): void },
  reuseEpoch: boolean,
  tell: (line: string) => void,
): void {
  removeHalfWritten(run.checkpoints);
  const latest = latestCheckpoint(run.checkpoints, tell);
  if (latest && reuseEpoch) {
    const { checkpoint, file } = latest;
    run.cutMetrics(checkpoint.metricsBytes, checkpoint.metricsSha256);
    session.restore(checkpoint);
    run.cutTimings(checkpoint.epochsDone);
    tell(`${file}: going on after ${checkpoint.epochsDone} epochs`);
    return;
  }
  if (latest) {
    session.restoreTrainer(latest.checkpoint);
    tell(
      `${latest.file}: weights and optimiser state taken over, epochs counted from 0 (reuse_epoch is false)`,
    );
    fs.rmSync(run.checkpoints, { recursive: true });
  }
  if (!latest && fs.existsSync(run.metricsFile))
    tell(`${run.dir}: no checkpoint is there to go on from; starting over`);
  run.cutMetrics(0);
  run.cutTimings(0);
}
