import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { engineOf } from "./kdd-engine.js";
import type { KddConfig } from "./kdd-schema.js";
import { filesOf } from "./prepare.js";

/** The steps that are not repeated when the same command is started again. */
export type KeptStep = "prepare" | "pretrain" | "model1" | "model2";

/**
 * Which steps of a work folder are finished, in `steps.json`: a key for each, a hash of all that its result comes from
 * (its part of the configuration, the key of the step before, and for preparation the task files' sizes and times).
 */
export class FinishedSteps {
  private readonly config: KddConfig;
  private readonly keys: Record<KeptStep, string>;

  constructor(config: KddConfig) {
    this.config = config;
    this.keys = keysOf(config);
  }

  has(step: KeptStep): boolean {
    return this.read(step)[step] === this.keys[step];
  }

  /** To be called when a step begins: what it overwrites counts no more. */
  begin(step: KeptStep): void {
    this.write(step, undefined);
  }

  finish(step: KeptStep): void {
    this.write(step, this.keys[step]);
  }

  private read(step: KeptStep): Partial<Record<KeptStep, string>> {
    const file = this.fileOf(step);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
  }

  private write(step: KeptStep, key: string | undefined): void {
    const keys = { ...this.read(step), [step]: key };
    atomicWriteFile(this.fileOf(step), `${JSON.stringify(keys, null, 2)}\n`);
  }

  /** Beside what the step writes. */
  private fileOf(step: KeptStep): string {
    const { work_dir } = this.config;
    const ofMatching = step === "model1" || step === "model2";
    return path.join(ofMatching ? path.dirname(filesOf(this.config).report) : work_dir, "steps.json");
  }
}

/**
 * A hash of all that decides what an epoch of a training computes: how many follow and which one is used does not, as
 * each depends on those before alone.
 */
export function trainingKey(config: KddConfig, step: Exclude<KeptStep, "prepare">): string {
  const { pretrain, model1, model2 } = config;
  const endless = {
    ...config,
    pretrain: step === "pretrain" ? { ...pretrain, epochs: 0, export_epoch: 0 } : pretrain,
    model1: { ...model1, epochs: 0, use_epoch: 0 },
    model2: { ...model2, epochs: 0, use_epoch: 0 },
  };
  return keysOf(endless as KddConfig)[step];
}

function keysOf(config: KddConfig): Record<KeptStep, string> {
  const prepare = keyOf([
    config.seed,
    config.data_dir,
    taskFiles(config),
    config.max_malformed_rows,
    config.tokenizer,
    config.word_vectors,
    config.clusters,
  ]);
  // processes draw dropout of their own; one is what it was before there were several
  const { data_parallel: processes } = config;
  const drawn = processes > 1 ? [processes] : [];
  // results of graphs differ by rounding, and their dropout draws for padding too
  const computed = engineOf(config) === "jit" ? ["jit"] : [];
  const pretrain = keyOf([
    ...[prepare, config.image, config.published_rate_schedule, config.pretrain],
    ...drawn,
    ...computed,
  ]);
  return {
    prepare,
    pretrain,
    model1: keyOf([pretrain, config.matching_seed, config.model1]),
    model2: keyOf([pretrain, config.matching_seed, config.model2]),
  };
}

function keyOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Size and time of change of each task file; null where there is none. */
function taskFiles({ data_dir, test_set }: KddConfig) {
  return ["train.tsv", "valid.tsv", `${test_set}.tsv`, "valid_answer.json"].map((name) => {
    const found = fs.statSync(path.join(data_dir, name), { throwIfNoEntry: false });
    return found === undefined ? null : [found.size, found.mtimeMs];
  });
}
