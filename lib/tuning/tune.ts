import fs from "node:fs";
import path from "node:path";
import { openDataset } from "../datasets/open-dataset.js";
import { resolvedRows } from "../encoders/model-sizes.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import { knownSets } from "../experiment/known-sets.js";
import { formatConfig } from "../experiment/load-config.js";
import type { SweepRun } from "../experiment/load-sweep.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { resolveTableSizes } from "../experiment/table-sizes.js";
import { scheduleNeedsLength } from "../experiment/training-specs.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { withFolderLock } from "../files/folder-lock.js";
import { rowBytes } from "../files/rounded-rows.js";
import { UserError } from "../files/user-error.js";
import { isFinished, runSweep } from "../runs/run-sweep.js";
import { runFolderOf } from "../tracking/run-folder.js";
import { parzenPoint, randomPoint } from "./draw-point.js";
import { type FinalLook, lookAtTest } from "./final-look.js";
import {
  bestTrial,
  type HalvingPlan,
  type Job,
  type JobResult,
  meanOf,
  rungsOf,
  type Standing,
  type TrialState,
  walkHalving,
} from "./halving.js";
import { type Tuning, tuningDir } from "./load-tuning.js";
import { estimateQueryMs, measureMachine } from "./machine-figure.js";
import { measuringOverrides, objectiveValues } from "./objectives.js";
import { describeSettings, type Settings, settingsAt } from "./settings.js";
import { TuningFolder } from "./tuning-folder.js";

export interface TuneOptions {
  /** Trials in all, those of earlier calls counted; trial 0 is the configuration as given. */
  trials?: number;
  /** Of this call. The trials are a beginning of the same sequence. */
  minutes?: number;
  /** Worker processes; the result does not depend on it. Default 2. */
  workers?: number;
  /** Stops the search, as minutes that are over do. */
  signal?: AbortSignal;
  /** false: the test queries are not looked at. Default true. */
  test?: boolean;
  listener?: Listener;
}

/** A trial as tables show it. */
export interface TunedTrial {
  trial: number;
  /** "learning_rate 0.012, layers bag of 64" */
  name: string;
  settings: Settings;
  /** by rung, fewest epochs first: epochs, mean objective on validation queries, and its values */
  results: { epochs: number; mean: number; values: readonly number[]; megabytes: number }[];
  /** why it was stopped or cannot win; null if neither */
  note: string | null;
}

export interface TuneResult {
  trials: TunedTrial[];
  /** the best on validation queries, and after how many epochs; trial 0: nothing was better than the configuration as given */
  winner: { trial: number; epochs: number };
  /** the job before which the sequence stopped; null at its end */
  stoppedBefore: Job | null;
  jobsDone: number;
  /** null where the test queries were not looked at */
  look: FinalLook | null;
  /** looks at the test queries on record, this one counted */
  looks: number;
  /** the winner's configuration */
  tunedFile: string;
  /** every trial as a row of a sweep */
  sweepFile: string;
}

/**
 * Searches for settings that do better on validation queries, and compares the best with the configuration as given on
 * test queries once, with fresh seeds.
 *
 * The trials form one sequence that seed, ranges and data determine: brackets of trials, halved after every rung (see
 * walkHalving). Every result is kept as a file, so a tuning that was killed, or is asked for more, goes on where it was, in
 * the middle of a trial where its run has a checkpoint; any number of workers comes to the same bytes.
 *
 * @throws UserError for a data set without validation part, and for a folder that holds another tuning
 */
export async function tune(tuning: Tuning, options: TuneOptions): Promise<TuneResult> {
  const { listener = defaultListener() } = options;
  const { trials, minutes } = options;
  if ((trials === undefined) === (minutes === undefined))
    throw new UserError("tune: either trials or minutes must be given, got both or neither");
  if (trials !== undefined && !(Number.isInteger(trials) && trials >= 1))
    throw new UserError(`tune: trials must be a positive integer, got ${trials}`);
  if (minutes !== undefined && !(minutes > 0 && minutes < 35_000))
    throw new UserError(`tune: minutes must be above 0 and at most 35,000, got ${minutes}`);
  const { dataset_dir } = tuning.reference;
  const sets = knownSets(openDataset(dataset_dir)).map(({ name }) => name);
  if (!sets.includes("validation"))
    throw new UserError(
      `tune: needs validation queries to choose by, which ${dataset_dir} must have, got ${sets.join(", ")}`,
    );
  const dir = tuningDir(tuning);
  return withFolderLock(
    dir,
    () => tuneAlone(tuning, dir, { ...options, listener }),
    (line) => listener.line?.(line),
  );
}

async function tuneAlone(
  tuning: Tuning,
  dir: string,
  options: TuneOptions & { listener: Listener },
): Promise<TuneResult> {
  const { config, reference } = tuning;
  const { final_seeds: _, ...identity } = config;
  const folder = new TuningFolder(dir, {
    ...identity,
    reference: { ...reference, output_dir: undefined },
    data: openDataset(reference.dataset_dir).fingerprint,
  });
  const search = new Search(tuning, folder, options);
  const standing = await search.run();
  search.clear(standing);
  const stoppedBefore = standing.next[0] ?? null;
  folder.writeCall({
    minutes: options.minutes ?? null,
    trials: options.trials ?? null,
    jobsDone: standing.jobsDone,
    trialsBegun: standing.trials.filter(({ results }) => results.length > 0).length,
    stoppedBefore,
  });
  const best = bestTrial(standing.trials);
  if (best === null)
    throw new UserError(
      `tune: a trial must be done and within the limits, got none of ${standing.trials.length}; ${stoppedBefore ? "give it more time" : "widen ranges or limits"}`,
    );
  const winner = { trial: best.state.trial, epochs: best.result.epochs };
  const shown = standing.trials.map((state) => search.shown(state));
  const winning = search.configOf(winner, { run_id: "tuned", name: "tuned" });
  const tunedFile = path.join(dir, "tuned.yaml");
  atomicWriteFile(tunedFile, formatConfig(asGiven(winning, reference)));
  const sweepFile = path.join(dir, "trials.yaml");
  atomicWriteFile(sweepFile, formatConfig(sweepOf(tuning, shown)));
  const same = winner.trial === 0 && winner.epochs === reference.num_epochs;
  const look =
    options.test === false || same
      ? null
      : await lookAtTest(tuning, folder, search.settingsOf(winner.trial), winner, options);
  const looks = folder.looks().length;
  return {
    ...{ trials: shown, winner, stoppedBefore, jobsDone: standing.jobsDone },
    ...{ look, looks, tunedFile, sweepFile },
  };
}

/** The jobs of a tuning, run as they become known. */
class Search {
  private readonly settings: Settings[] = [];
  private readonly points: number[][] = [];
  private readonly plan: HalvingPlan;

  constructor(
    private readonly tuning: Tuning,
    private readonly folder: TuningFolder,
    private readonly options: TuneOptions & { listener: Listener },
  ) {
    const { config, reference } = tuning;
    const { megabytes } = config.limits;
    this.plan = {
      trials: options.trials ?? Infinity,
      bracket: config.bracket,
      rungs: rungsOf(config.epochs ?? reference.num_epochs, config.rungs),
      alpha: config.alpha,
      maxBytes: megabytes === null ? null : megabytes * 1e6,
    };
  }

  async run(): Promise<Standing> {
    const { minutes, signal } = this.options;
    const stop = new AbortController();
    const end = () => stop.abort();
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end);
    const timer = minutes === undefined ? null : setTimeout(end, minutes * 60_000);
    try {
      for (;;) {
        const standing = this.walk();
        if (standing.next.length === 0 || stop.signal.aborted) return standing;
        // the figure of the machine is trial 0's, and others are measured by it
        const first = this.needsFigure() ? standing.next.filter(({ trial }) => trial === 0) : standing.next;
        await this.work(first, stop.signal);
        if (this.needsFigure() && this.folder.result(first[0]!) !== undefined)
          this.folder.writeMachine(
            await measureMachine(runFolderOf(this.configOf(first[0]!)).dir, this.options.listener),
          );
      }
    } finally {
      signal?.removeEventListener("abort", end);
      if (timer !== null) clearTimeout(timer);
    }
  }

  /** Removes checkpoints of trials that go no further: what is asked for all the same starts over, to the same bytes. */
  clear({ trials, next }: Standing): void {
    const waiting = new Set(next.map(({ trial }) => trial));
    for (const { trial, results } of trials) {
      if (waiting.has(trial) || results.length === 0) continue;
      const { checkpoints } = runFolderOf(this.configOf(results.at(-1)!));
      fs.rmSync(checkpoints, { recursive: true, force: true });
    }
  }

  settingsOf(trial: number): Settings {
    return this.settings[trial]!;
  }

  /** A trial's configuration. The epochs of one run grow from rung to rung, unless its schedule depends on how many there are. */
  configOf({ trial, epochs }: Job, changes: Record<string, unknown> = {}): ExperimentConfig {
    const { config, terms, trialConfig } = this.tuning;
    const settings = this.settingsOf(trial);
    const number = String(trial).padStart(4, "0");
    const identity = {
      ...measuringOverrides(terms),
      task_id: config.task_id,
      run_id: `trial-${number}`,
      name: `trial ${trial}: ${describeSettings(settings)}`,
      seed: config.seed,
      num_epochs: epochs,
      keep_checkpoints: 1,
    };
    const made = trialConfig(settings, { ...identity, ...changes });
    if (!scheduleNeedsLength(made) || "run_id" in changes) return made;
    return trialConfig(settings, {
      ...identity,
      run_id: `trial-${number}-epochs-${epochs}`,
      keep_checkpoints: 0,
    });
  }

  shown(state: TrialState): TunedTrial {
    const settings = this.settingsOf(state.trial);
    return {
      trial: state.trial,
      name: state.trial === 0 ? "as given" : describeSettings(settings),
      settings,
      results: state.results.map(({ epochs, values, bytes }) => ({
        ...{ epochs, mean: meanOf(values), values, megabytes: bytes / 1e6 },
      })),
      note: state.barred ?? state.stopped,
    };
  }

  private walk(): Standing {
    return walkHalving(
      this.plan,
      (members, before) => this.draw(members, before),
      (trial) => this.bar(trial),
      (job) => this.folder.result(job),
    );
  }

  private draw(members: readonly number[], before: readonly TrialState[]): void {
    const { config } = this.tuning;
    const ranges = Object.values(config.ranges);
    const observed = before
      .filter(({ trial, results }) => trial > 0 && results.length > 0)
      .map(({ trial, results }) => {
        const { epochs, values } = results.at(-1)!;
        return { point: this.points[trial]!, epochs, value: meanOf(values) };
      });
    for (const trial of members) {
      if (this.settings[trial] !== undefined) continue;
      const point =
        config.search === "random" || trial < config.bracket
          ? randomPoint(config.seed, trial, ranges.length)
          : parzenPoint(ranges, observed, config.seed, trial);
      this.points[trial] = point;
      this.settings[trial] = trial === 0 ? { set: {}, chosen: {} } : settingsAt(config.ranges, point);
    }
  }

  /** What can be said before training: settings that make no configuration, and limits that are passed anyway. */
  private bar(trial: number): string | null {
    const { limits } = this.tuning.config;
    let config: ExperimentConfig;
    try {
      config = resolveTableSizes(this.configOf({ trial, epochs: 1 }));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return `makes no configuration: ${error.message.split("\n")[0]}`;
    }
    const { text_embedding: table } = config.model;
    const bytes = resolvedRows(table.num_embeddings) * rowBytes(config.store_rows, table.embedding_dim);
    if (limits.megabytes !== null && bytes > limits.megabytes * 1e6)
      return `a table of ${(bytes / 1e6).toFixed(2)} MB is over the limit`;
    const figure = this.folder.machine();
    if (limits.query_ms === null || figure === null) return null;
    const ms = estimateQueryMs(config, figure);
    return ms > limits.query_ms ? `about ${ms.toFixed(2)} ms a query are over the limit` : null;
  }

  private needsFigure(): boolean {
    return this.tuning.config.limits.query_ms !== null && this.folder.machine() === null;
  }

  private async work(jobs: readonly Job[], signal: AbortSignal): Promise<void> {
    const { workers = 2, listener } = this.options;
    const { config } = this.tuning;
    const runs = jobs.map(
      (job): SweepRun => ({
        row: `trial ${job.trial} to epoch ${job.epochs}`,
        seed: config.seed,
        config: this.configOf(job),
      }),
    );
    const { failed } = await runSweep(
      { config: { task_id: config.task_id }, runs },
      { workers, signal, listener },
    );
    jobs.forEach((job, i) => {
      const failure = failed.find(({ row }) => row === runs[i]!.row);
      if (failure !== undefined && !BROKE_DOWN.test(failure.message))
        throw new UserError(`tune: every trial must be trained, got ${failure.row}: ${failure.message}`);
      const result = failure ? brokenDown(job, failure.message) : this.resultOf(job, runs[i]!.config);
      if (result !== null) this.folder.writeResult(result);
    });
  }

  private resultOf(job: Job, config: ExperimentConfig): JobResult | null {
    if (!isFinished(config)) return null;
    const run = runFolderOf(config);
    return {
      ...job,
      values: Array.from(objectiveValues(run.queries(), "validation", this.tuning.terms)),
      bytes: run.manifest().counts["model file bytes"]!,
      failed: null,
    };
  }
}

/** The message of a training whose loss is no number any more; the same wherever it is trained. */
const BROKE_DOWN = /loss must stay finite/;

function brokenDown(job: Job, message: string): JobResult {
  return { ...job, values: [], bytes: 0, failed: message };
}

/** The winner as a configuration of its own: evaluated as the one given is. */
function asGiven(winner: ExperimentConfig, reference: ExperimentConfig): ExperimentConfig {
  const { recall_validation, keep_checkpoints, seed } = reference;
  return { ...winner, recall_validation, keep_checkpoints, seed };
}

function sweepOf({ config, reference }: Tuning, trials: readonly TunedTrial[]): object {
  return {
    task_id: `${config.task_id}-trials`,
    title: `Trials of ${config.task_id}`,
    base: config.base,
    seeds: [1, 2, 3],
    baseline: "0: as given",
    rows: trials.map(({ trial, name, settings, results }) => ({
      name: `${trial}: ${name}`,
      set: {
        ...(trial > 0 && config.set),
        ...settings.set,
        num_epochs: results.at(-1)?.epochs ?? reference.num_epochs,
      },
    })),
  };
}
