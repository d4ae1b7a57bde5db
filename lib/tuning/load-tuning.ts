import path from "node:path";
import { type Inherited, readInherited } from "../config/base-layers.js";
import { readText } from "../config/read-text.js";
import { checkYaml } from "../config/yaml-with-schema.js";
import { checkKind, kindOfFile } from "../experiment/kind-of-file.js";
import { experimentFrom } from "../experiment/load-config.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { UserError } from "../files/user-error.js";
import { defaultRanges } from "./default-ranges.js";
import { type ObjectiveTerm, objectiveTerms } from "./objectives.js";
import type { Settings } from "./settings.js";
import { type TuningConfig, tuningSchema } from "./tuning-schema.js";

/** What the command line says instead of the file. */
export interface TuningOverrides {
  name?: string;
  objective?: string;
  megabytes?: number;
  queryMs?: number;
  epochs?: number;
  search?: string;
  finalSeeds?: readonly number[];
  /** Of the base, "key.path=value" each: they hold for the configuration as given too. */
  overrides?: readonly string[];
}

/** A tuning that is ready to begin. */
export interface Tuning {
  config: TuningConfig;
  terms: readonly ObjectiveTerm[];
  /** The configuration as given. */
  reference: ExperimentConfig;
  /** The configuration of a trial. @throws UserError for changes that make none */
  trialConfig(settings: Settings, identity: Record<string, unknown>): ExperimentConfig;
  /** The configuration as given, with `changes`. */
  referenceConfig(changes: Record<string, unknown>): ExperimentConfig;
}

/**
 * Reads a tuning, or an experiment to be tuned over {@link defaultRanges}, and checks every end of every range at once.
 *
 * @throws UserError one line per broken rule, naming the range
 */
export function loadTuning(file: string, given: TuningOverrides = {}): Tuning {
  const read = readInherited(readText(file), file, false);
  const { values } = read;
  let base: Inherited;
  let raw: Record<string, unknown>;
  let baseFile = file;
  if (kindOfFile(read) === "tuning") {
    raw = values;
    baseFile = String(values["base"]);
    base = readInherited(readText(baseFile), baseFile);
  } else {
    base = readInherited(readText(file), file);
    const config = experimentFrom(base, file, given.overrides);
    raw = { task_id: `tune-${config.task_id}-${config.run_id}`, base: file, ranges: defaultRanges(config) };
  }
  const over = {
    ...(given.name !== undefined && { task_id: given.name }),
    ...(given.objective !== undefined && { objective: given.objective }),
    ...(given.epochs !== undefined && { epochs: given.epochs }),
    ...(given.search !== undefined && { search: given.search }),
    ...(given.finalSeeds !== undefined && { final_seeds: given.finalSeeds }),
  };
  const limits = {
    ...(raw["limits"] as object),
    ...(given.megabytes !== undefined && { megabytes: given.megabytes }),
    ...(given.queryMs !== undefined && { query_ms: given.queryMs }),
  };
  const merged = { ...raw, ...over, ...(Object.keys(limits).length > 0 && { limits }) };
  const config = checkYaml(tuningSchema, () => [], { ...read, values: merged });
  checkRanges(file, config);
  checkKind(baseFile, base, "encoder");
  const referenceConfig = (changes: Record<string, unknown>) =>
    experimentFrom(base, baseFile, [...(given.overrides ?? []), ...asOverrides(changes)]);
  const reference = referenceConfig({});
  const terms = objectiveTerms(config.objective);
  const tuning: Tuning = {
    config,
    terms,
    reference,
    referenceConfig,
    trialConfig: (settings, identity) =>
      referenceConfig({
        ...(Object.keys(settings.chosen).length > 0 && config.set),
        ...settings.set,
        ...identity,
      }),
  };
  checkEnds(file, tuning);
  return tuning;
}

/** Where the tuning keeps what it found. */
export function tuningDir({ config, reference }: Tuning): string {
  return path.join(reference.output_dir, config.task_id, "tuning");
}

/** Keys that trials take from elsewhere. */
const TAKEN: Record<string, string> = {
  num_epochs: "what halving cuts; say epochs",
  task_id: "the tuning's",
  run_id: "the trial's number",
  name: "the trial's settings",
  seed: "the tuning's",
  output_dir: "the base's",
};

function checkRanges(file: string, { ranges, set }: TuningConfig): void {
  const keys = Object.entries(ranges).flatMap(([key, range]) =>
    "sets" in range ? Object.values(range.sets).flatMap((changes) => Object.keys(changes)) : [key],
  );
  for (const key of [...keys, ...Object.keys(set)]) {
    const why = Object.hasOwn(TAKEN, key) ? TAKEN[key] : undefined;
    if (why !== undefined) throw new UserError(`${file}: ranges must not name ${key}, which is ${why}`);
    if (key.split(".")[0] === "recall_validation")
      throw new UserError(`${file}: ranges must not name ${key}: what is measured is the objective's`);
  }
}

/** Every value of every list and set, and both ends of numbers, by themselves in the base. */
function checkEnds(file: string, tuning: Tuning): void {
  for (const [key, range] of Object.entries(tuning.config.ranges)) {
    const changes: [string, Record<string, unknown>][] = Array.isArray(range)
      ? range.map((value) => [JSON.stringify(value), { [key]: value }])
      : "sets" in range
        ? Object.entries(range.sets)
        : [range.from, range.to].map((value) => [String(value), { [key]: value }]);
    for (const [name, set] of changes)
      try {
        tuning.trialConfig({ set, chosen: { [key]: name } }, {});
      } catch (error) {
        throw new UserError(`${file}: range ${key}, ${name}: ${(error as Error).message}`);
      }
  }
}

function asOverrides(changes: Record<string, unknown>): string[] {
  return Object.entries(changes).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
}
