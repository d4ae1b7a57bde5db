import fs from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { nearestName } from "../config/nearest-name.js";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { readSealed } from "../files/sealed-text.js";
import { UserError } from "../files/user-error.js";
import { listRuns, openRun, type RunFolder } from "../tracking/run-folder.js";

/** A value that runs are filtered and sorted by; null where a run has none. */
export type RunValue = string | number | boolean | null;

/** A run as lists show it. */
export interface RunEntry {
  dir: string;
  /** what its manifest says: task, run, system, kind, status, seed, dataset, engine, started, seconds */
  facts: Record<string, RunValue>;
  /** its resolved configuration, a key for each path: `optimizer.learning_rate`; lists as JSON */
  settings: Record<string, RunValue>;
  /**
   * means over queries, by name: `Recall@10` of its first evaluation set as written, `Recall@10/0.75` of misspelled
   * queries, `set:Recall@10` of further sets; empty before it is evaluated
   */
  measures: Record<string, number>;
}

/**
 * The runs of folders, each a run or a folder of runs.
 *
 * @throws UserError if a folder is neither
 */
export function catalogueRuns(dirs: readonly string[]): RunEntry[] {
  const runs = dirs.flatMap((dir) => {
    if (fs.existsSync(path.join(dir, "manifest.json"))) return [openRun(dir)];
    const below = listRuns(dir);
    return below.length > 0 ? below : [openRun(dir)]; // says what is there instead
  });
  const seen = new Set<string>();
  return runs.filter(({ dir }) => !seen.has(path.resolve(dir)) && seen.add(path.resolve(dir))).map(entryOf);
}

function entryOf(run: RunFolder): RunEntry {
  const { taskId, runId, system, kind, status, seed, dataset, engine, startedAt, endedAt } = run.manifest();
  const seconds = endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  return {
    dir: run.dir,
    facts: {
      ...{ task: taskId, run: runId, system, kind, status, seed, dataset: dataset.name, engine },
      ...{ started: startedAt, seconds: seconds === null ? null : Math.round(seconds * 10) / 10 },
    },
    settings: settingsOf(run),
    measures: measuresOf(run),
  };
}

/** The resolved configuration of a run by path; none for results that were made elsewhere. */
export function settingsOf(run: RunFolder): Record<string, RunValue> {
  const flat: Record<string, RunValue> = emptyRecord();
  const note = (value: unknown, name: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      for (const [key, part] of Object.entries(value)) note(part, name === "" ? key : `${name}.${key}`);
    else if (Array.isArray(value)) flat[name] = JSON.stringify(value);
    else flat[name] = value as RunValue;
  };
  if (fs.existsSync(run.configFile)) note(parse(readSealed(run.configFile)), "");
  return flat;
}

function measuresOf(run: RunFolder): Record<string, number> {
  if (!run.isEvaluated()) return {};
  const sums = new Map<string, { sum: number; count: number }>();
  const results = run.queries();
  const first = results[0]?.set;
  for (const { set, typo, values } of results)
    for (const [measure, value] of Object.entries(values)) {
      const name = `${set === first ? "" : `${set}:`}${measure}${typo === 0 ? "" : `/${typo}`}`;
      const own = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, own);
      own.sum += value;
      own.count++;
    }
  return Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
}

/** Every name that some of the runs have a value of. */
export function runKeys(entries: readonly RunEntry[]): string[] {
  return [
    ...new Set(
      entries.flatMap(({ facts, settings, measures }) => [
        ...Object.keys(facts),
        ...Object.keys(measures),
        ...Object.keys(settings),
      ]),
    ),
  ];
}

/** A run's value of a fact, a measure or a setting; null if it has none. */
export function runValue({ facts, settings, measures }: RunEntry, key: string): RunValue {
  return ownEntry(facts, key) ?? ownEntry(measures, key) ?? ownEntry(settings, key) ?? null;
}

/**
 * The whole name of a key: itself, or the only setting that ends with it, `learning_rate` for `optimizer.learning_rate`.
 *
 * @param where  what names it, "--sort"
 * @throws UserError if no run has it, or several settings end with it
 */
export function resolveKey(entries: readonly RunEntry[], key: string, where: string): string {
  const keys = runKeys(entries);
  if (keys.includes(key)) return key;
  const ending = keys.filter((name) => name.endsWith(`.${key}`));
  if (ending.length === 1) return ending[0]!;
  if (ending.length > 1)
    throw new UserError(`${where}: must name one setting, got "${key}"; there are ${ending.join(", ")}`);
  const nearest = nearestName(key, keys);
  const facts = Object.keys(entries[0]?.facts ?? {});
  const measures = [...new Set(entries.flatMap((entry) => Object.keys(entry.measures)))];
  throw new UserError(
    `${where}: must name a fact, a measure or a setting that a run has, got "${key}"; ${nearest ? `did you mean ${nearest}?` : `known are ${[...facts, ...measures.slice(0, 12)].join(", ")} and the keys of configurations`}`,
  );
}

type Test = (value: RunValue, wanted: string) => boolean;

const ordered =
  (holds: (difference: number) => boolean): Test =>
  (value, wanted) =>
    value !== null && holds(compareValues(value, asValue(wanted)));

const tests: Record<string, Test> = {
  "<=": ordered((difference) => difference <= 0),
  ">=": ordered((difference) => difference >= 0),
  "!=": (value, wanted) => String(value) !== wanted,
  "~": (value, wanted) => value !== null && String(value).toLowerCase().includes(wanted.toLowerCase()),
  "<": ordered((difference) => difference < 0),
  ">": ordered((difference) => difference > 0),
  "=": (value, wanted) => String(value) === wanted || (value !== null && value === asValue(wanted)),
};

/**
 * The runs that pass every condition: a key, one of = != < <= > >= ~ (contains) and a value, `Recall@10>=.5`.
 *
 * @throws UserError for a condition of another form or a key that no run has
 */
export function filterRuns(entries: readonly RunEntry[], conditions: readonly string[]): RunEntry[] {
  return conditions.reduce<RunEntry[]>((left, condition) => {
    const found = /^\s*([^<>=!~]+?)\s*(<=|>=|!=|~|<|>|=)\s*(.*?)\s*$/.exec(condition);
    if (!found)
      throw new UserError(
        `--filter: must be KEY, one of ${Object.keys(tests).join(" ")} and a value, got "${condition}"`,
      );
    const [, name, sign, wanted] = found as unknown as [string, string, string, string];
    const key = resolveKey(entries, name, "--filter");
    return left.filter((entry) => tests[sign]!(runValue(entry, key), wanted));
  }, entries.slice());
}

/** Runs in the order of a key, those without it last; `-key` for the largest first. */
export function sortRuns(entries: readonly RunEntry[], by: string): RunEntry[] {
  const sign = by.startsWith("-") ? -1 : 1;
  const key = resolveKey(entries, by.replace(/^-/, ""), "--sort");
  return entries.slice().sort((a, b) => {
    const [one, other] = [runValue(a, key), runValue(b, key)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * compareValues(one, other);
  });
}

function compareValues(a: RunValue, b: RunValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [one, other] = [String(a), String(b)];
  return one < other ? -1 : Number(one > other);
}

function asValue(text: string): RunValue {
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A setting in which configurations differ. */
export interface SettingDifference {
  key: string;
  /** of each run in their order; undefined: has no such setting */
  values: (RunValue | undefined)[];
}

/** Settings in which runs differ, in the order of their configurations. */
export function diffSettings(entries: readonly Pick<RunEntry, "settings">[]): SettingDifference[] {
  const keys = [...new Set(entries.flatMap(({ settings }) => Object.keys(settings)))];
  return keys
    .map((key) => ({ key, values: entries.map(({ settings }) => ownEntry(settings, key)) }))
    .filter(({ values }) => values.some((value) => value !== values[0]));
}
