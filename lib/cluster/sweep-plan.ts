import { createHash } from "node:crypto";
import fs from "node:fs";
import { z } from "zod";
import { readInherited } from "../config/base-layers.js";
import { readText } from "../config/read-text.js";
import { kindOfFile } from "../experiment/kind-of-file.js";
import { formatConfig, loadConfig, parseConfig } from "../experiment/load-config.js";
import { loadSweep } from "../experiment/load-sweep.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { objectText } from "../files/objects/objects.js";
import { isBucket, openObjects } from "../files/objects/open-objects.js";
import { UserError } from "../files/user-error.js";

/** One run of a plan, which any engine can do by its number. */
export interface PlannedRow {
  /** from 0 */
  index: number;
  /** row of the sweep's table; equal for all seeds */
  row: string;
  seed: number;
  /** `<task_id>/<run_id>` */
  id: string;
  /** of what decides its result: the resolved configuration but for its name and where it is written */
  hash: string;
  config: ExperimentConfig;
}

/** A sweep, or a single experiment, with every configuration resolved: needs no other file. */
export interface SweepPlan {
  task: string;
  title: string;
  baseline: string;
  rows: PlannedRow[];
  /** Folders that rows read, from the workspace root: data sets, and what else configurations name. */
  folders: string[];
}

const planSchema = z.strictObject({
  qdrl_plan: z.literal(1).describe("version of this format"),
  task_id: z.string(),
  title: z.string(),
  baseline: z.string(),
  folders: z.array(z.string().min(1)),
  runs: z
    .array(z.strictObject({ row: z.string(), seed: z.int(), config: z.record(z.string(), z.unknown()) }))
    .min(1),
});

/**
 * Reads a sweep, an experiment, or a plan that {@link formatPlan} made of one, which may lie in a bucket. Every configuration
 * is checked.
 *
 * @param source     a file, or the s3:// or gs:// address of a plan
 * @param overrides  "key.path=value" each, for every row; not of a plan, which is resolved
 * @param seeds      instead of the sweep's
 * @throws UserError one line per broken rule
 */
export async function loadPlan(
  source: string,
  overrides: readonly string[] = [],
  seeds?: readonly number[],
): Promise<SweepPlan> {
  if (isBucket(source) || /\.json$/.test(source)) {
    if (overrides.length > 0 || seeds !== undefined)
      throw new UserError(`${source}: a plan is resolved, --set and --seeds must be left out`);
    return parsePlan(await planText(source), source);
  }
  const kind = kindOfFile(readInherited(readText(source), source, false));
  if (kind !== "sweep" && kind !== "ablation") {
    if (seeds !== undefined)
      throw new UserError(`${source}: --seeds must be left out for a single experiment`);
    const config = loadConfig(source, overrides);
    const row = config.name ?? config.run_id;
    return planOf(config.task_id, row, row, [{ row, seed: config.seed, config }]);
  }
  const sweep = loadSweep(source, overrides, seeds);
  return planOf(sweep.config.task_id, sweep.config.title, sweep.baseline, sweep.runs);
}

/** A plan as text: JSON that {@link loadPlan} reads on any machine. */
export function formatPlan({ task, title, baseline, rows, folders }: SweepPlan): string {
  const runs = rows.map(({ row, seed, config }) => ({ row, seed, config }));
  return `${JSON.stringify({ qdrl_plan: 1, task_id: task, title, baseline, folders, runs })}\n`;
}

/**
 * A row by its number, its configuration checked.
 *
 * @throws UserError for a number or a configuration that cannot be
 */
export function rowOf(plan: SweepPlan, index: number): PlannedRow {
  const row = plan.rows[index];
  if (row === undefined)
    throw new UserError(`--row: must be 0 to ${plan.rows.length - 1} in ${plan.task}, got ${index}`);
  return { ...row, config: parseConfig(formatConfig(row.config), `row ${index} of ${plan.task}`) };
}

/** Hash of what decides a run's result, 12 hexadecimal digits. */
export function hashOfConfig(config: object): string {
  const { name: _, output_dir: __, commit_hash: ___, ...rest } = config as Partial<ExperimentConfig>;
  return createHash("sha256").update(JSON.stringify(rest)).digest("hex").slice(0, 12);
}

async function planText(source: string): Promise<string> {
  if (!isBucket(source)) return readText(source);
  const slash = source.lastIndexOf("/");
  const text = await objectText(await openObjects(source.slice(0, slash)), source.slice(slash + 1));
  if (text === null) throw new UserError(`${source}: plan must exist, found none`);
  return text;
}

/** Rows of a plan are checked when they are asked for: one machine does one of a thousand. */
function parsePlan(text: string, source: string): SweepPlan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${source}: must be JSON, ${(error as Error).message}`);
  }
  const parsed = planSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(
      `${source}: must be a plan of qdrl submit, ${issue!.path.join(".")}: ${issue!.message}`,
    );
  }
  const { data } = parsed;
  const runs = data.runs.map((run) => ({ ...run, config: run.config as ExperimentConfig }));
  return { ...planOf(data.task_id, data.title, data.baseline, runs), folders: data.folders };
}

function planOf(
  task: string,
  title: string,
  baseline: string,
  runs: readonly { row: string; seed: number; config: ExperimentConfig }[],
): SweepPlan {
  const rows = runs.map(({ row, seed, config }, index) => ({
    index,
    row,
    seed,
    id: `${config.task_id}/${config.run_id}`,
    hash: hashOfConfig(config),
    config,
  }));
  const folders = new Set(rows.flatMap(({ config }) => foldersOf(config)));
  return { task, title, baseline, rows, folders: [...folders].sort() };
}

/** Its data set, and what folders of the workspace a configuration names in whichever key, but for where it writes. */
export function foldersOf({ output_dir: _, ...config }: ExperimentConfig): string[] {
  const found = new Set([config.dataset_dir]);
  const walk = (value: unknown): void => {
    if (typeof value === "string") {
      if (value.includes("/") && fs.statSync(value, { throwIfNoEntry: false })?.isDirectory())
        found.add(value);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(config);
  return [...found];
}
