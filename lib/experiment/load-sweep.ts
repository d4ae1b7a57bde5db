import { type Inherited, readInherited } from "../config/base-layers.js";
import { readText } from "../config/read-text.js";
import { checkYaml } from "../config/yaml-with-schema.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { type AblationPlan, ablationPlan } from "./ablation-rows.js";
import { type AblationConfig, ablationChecks, ablationSchema } from "./ablation-schema.js";
import { checkKind, kindOfFile } from "./kind-of-file.js";
import { experimentFrom } from "./load-config.js";
import type { ExperimentConfig } from "./schema.js";
import { type SweepConfig, sweepSchema } from "./sweep-schema.js";

/** One run of a sweep. */
export interface SweepRun {
  /** Row it belongs to; equal for all seeds. */
  row: string;
  seed: number;
  config: ExperimentConfig;
}

export interface Sweep {
  config: SweepConfig;
  /** Row names in order. */
  rows: string[];
  /** Row that the others are compared with. */
  baseline: string;
  runs: SweepRun[];
}

/**
 * Reads a sweep, or the one that an ablation makes, and checks every run's configuration at once, before anything is trained.
 *
 * @param extra  further overrides for every run ("num_epochs=1"), e.g. to make a sweep small
 * @param seeds  instead of the file's
 * @throws RangeError one line per broken rule, naming the row
 */
export function loadSweep(file: string, extra: readonly string[] = [], seeds?: readonly number[]): Sweep {
  const read = readInherited(readText(file), file, false);
  if (kindOfFile(read) === "ablation") return sweepFrom(readAblation(read, file).sweep, file, extra, seeds);
  checkKind(file, read, "sweep");
  return sweepFrom(
    checkYaml(sweepSchema, () => [], read),
    file,
    extra,
    seeds,
  );
}

/** The plan of an ablation that has been read, its faults named by its file. */
export function readAblation(read: Inherited, file: string): AblationPlan & { config: AblationConfig } {
  const config = checkYaml(ablationSchema, ablationChecks, read);
  try {
    return { config, ...ablationPlan(config) };
  } catch (error) {
    throw new UserError(`${file}: ${(error as Error).message}`);
  }
}

/** {@link loadSweep} on a sweep made by the program; `file` names it in messages. */
export function sweepFrom(
  config: SweepConfig,
  file: string,
  extra: readonly string[] = [],
  seeds?: readonly number[],
): Sweep {
  if (seeds !== undefined) checkSeeds(seeds);
  const asked = Object.values(config.grid ?? {}).reduce(
    (count, values) => count * values.length,
    config.rows?.length ?? 1,
  );
  if (asked > MOST_ROWS)
    throw new UserError(`${file}: grid and rows must make at most ${MOST_ROWS} rows, got ${asked}`);
  const named = expand(config);
  const folders = new Map<string, string>();
  for (const { name } of named) {
    const other = folders.get(slug(name));
    if (other !== undefined && other !== name)
      throw new UserError(
        `${file}: row names must differ in letters or digits, got "${other}" and "${name}" for the folder ${slug(name)}`,
      );
    folders.set(slug(name), name);
  }
  const repeated = named.find((row, i) => named.findIndex((other) => other.name === row.name) !== i);
  if (repeated) throw new UserError(`${file}: row names must differ, got "${repeated.name}" twice`);
  const baseline = config.baseline ?? named[0]!.name;
  if (!named.some((row) => row.name === baseline))
    throw new UserError(
      `${file}: baseline must be one of ${named.map((row) => row.name).join(", ")}, got "${baseline}"`,
    );
  const bases = new Map<string, Inherited>();
  const baseOf = (row: NamedRow): Inherited => {
    const base = row.base ?? config.base;
    const known = bases.get(base) ?? readInherited(readText(base), base);
    bases.set(base, known);
    return known;
  };
  const runs = (seeds ?? config.seeds).flatMap((seed) =>
    named.map((row): SweepRun => {
      const overrides = Object.entries({ ...SWEEP_SET, ...config.set, ...row.set }).map(
        ([key, value]) => `${key}=${JSON.stringify(value)}`,
      );
      const identity = [
        `task_id=${config.task_id}`,
        `run_id=${slug(row.name)}-seed${seed}`,
        `name=${JSON.stringify(row.name)}`,
        `seed=${seed}`,
      ];
      try {
        return {
          row: row.name,
          seed,
          config: experimentFrom(baseOf(row), row.base ?? config.base, [...overrides, ...identity, ...extra]),
        };
      } catch (error) {
        throw new UserError(`${file}: row "${row.name}": ${(error as Error).message}`);
      }
    }),
  );
  return { config, rows: named.map((row) => row.name), baseline, runs };
}

/** What holds in sweeps, whatever their base says: every epoch's checkpoints of a hundred runs would fill a disk. */
const SWEEP_SET = { keep_checkpoints: 0 };

/** Rows of one sweep; each is at least one run to train. */
const MOST_ROWS = 10_000;

function checkSeeds(seeds: readonly number[]): void {
  const wrong = seeds.find((seed, i) => !Number.isSafeInteger(seed) || seed < 0 || seeds.indexOf(seed) !== i);
  if (wrong !== undefined || seeds.length === 0)
    throw new UserError(
      `seeds: must be different whole numbers ≥ 0, for one run is not two, got ${seeds.join(", ") || "none"}`,
    );
}

interface NamedRow {
  name: string;
  set: Record<string, unknown>;
  base?: string | undefined;
}

function expand({ grid, rows, labels }: SweepConfig): NamedRow[] {
  let points: NamedRow[] = [{ name: "", set: {} }];
  for (const [key, values] of Object.entries(grid ?? {}))
    points = points.flatMap((point) =>
      values.map((value) => ({
        name: [point.name, `${ownEntry(labels, key) ?? key.split(".").at(-1)} ${show(value)}`]
          .filter((part) => part !== "")
          .join(", "),
        set: { ...point.set, [key]: value },
      })),
    );
  if (!rows) return points;
  return rows.flatMap((row) =>
    points.map((point) => ({
      name: [row.name, point.name].filter((part) => part !== "").join(", "),
      set: { ...point.set, ...row.set },
      base: row.base,
    })),
  );
}

function show(value: unknown): string {
  return Array.isArray(value)
    ? value.join("-") || "none"
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
}

/** A row name as part of a folder name. */
function slug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/τ/g, "t")
    .replace(/[^A-Za-z0-9.]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return plain === "" ? "row" : plain;
}
