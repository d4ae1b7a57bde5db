import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import type { Listener } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { loadConfig } from "../../experiment/load-config.js";
import { UserError } from "../../files/user-error.js";
import { runExperiment } from "../../runs/run-experiment.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { DataFinding, MeasuredCost } from "./finding.js";
import { mendable, mendDataset } from "./mend-dataset.js";
import type { PairSource } from "./sources/pair-source.js";

/** Resamples of queries for an interval. */
const RESAMPLES = 2000;

/**
 * Trains a configuration on the data as they are and on a copy without each finding, with the same seeds, and compares the
 * first measure of the first evaluation set query by query. Runs are kept in `reports/runs/doctor/`, so that they can be
 * compared and looked at; the copies are removed.
 *
 * @param configFile an encoder's configuration whose `dataset_dir` is the examined folder
 * @returns the findings, those that could be measured with `measured`
 * @throws UserError for a source that is no data set folder, or where no finding can be left out
 */
export async function measureCosts(
  source: PairSource,
  findings: readonly DataFinding[],
  configFile: string,
  { seeds, listener }: { seeds: readonly number[]; listener: Listener },
): Promise<DataFinding[]> {
  if (source.dataset === null)
    throw new UserError(
      `--measure: must be given for a data set folder, got a ${source.kind}; qdrl init makes one of it`,
    );
  const wanted = mendable(findings);
  if (wanted.length === 0)
    throw new UserError("--measure: must have a finding that can be left out, got none");
  const config = loadConfig(configFile);
  if (path.resolve(config.dataset_dir) !== path.resolve(source.dataset))
    throw new UserError(`--measure: dataset_dir must be ${source.dataset}, got ${config.dataset_dir}`);
  listener.line?.(`training ${wanted.length + 1} × ${seeds.length} times`);
  const scratch = mkdtempSync(path.join(path.dirname(path.resolve(source.dataset)), ".doctor-"));
  const trained = async (name: string, dir: string): Promise<RunFolder[]> => {
    const runs: RunFolder[] = [];
    for (const seed of seeds)
      runs.push(
        await runExperiment(config, {
          fresh: true,
          listener,
          overrides: [
            `dataset_dir=${dir}`,
            `seed=${seed}`,
            "task_id=doctor",
            `run_id=${config.run_id}-${name}-${seed}`.replaceAll(":", "-"),
          ],
        }),
      );
    return runs;
  };
  try {
    const before = await trained("as-it-is", source.dataset);
    const measured = new Map<DataFinding, MeasuredCost>();
    for (const [i, finding] of wanted.entries()) {
      const dir = path.join(scratch, `${i}`);
      await mendDataset(source, [finding], dir);
      const after = await trained(`without-${finding.name ?? finding.check}`, dir);
      measured.set(finding, comparedCost(before, after));
    }
    return findings.map((finding) => {
      const cost = measured.get(finding);
      return cost === undefined ? finding : { ...finding, measured: cost };
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Difference of the first measure of the first set, query by query, means over the seeds; interval: percentile bootstrap over
 * queries, 2,000 resamples.
 */
export function comparedCost(
  before: readonly RunFolder[],
  after: readonly RunFolder[],
  of: string | null = null,
): MeasuredCost {
  const first = before[0]!.queries()[0];
  if (first === undefined)
    throw new UserError("--measure: the configuration must evaluate (recall_validation), got no results");
  const set = of ?? first.set;
  const [measure] = Object.keys(first.values) as [string];
  const meansOf = (runs: readonly RunFolder[]) => {
    const sums = new Map<string, number>();
    for (const run of runs)
      for (const result of run.queries())
        if (result.set === set && result.typo === 0)
          sums.set(result.id, (sums.get(result.id) ?? 0) + result.values[measure]! / runs.length);
    return sums;
  };
  const [one, other] = [meansOf(before), meansOf(after)];
  const ids = [...one.keys()].filter((id) => other.has(id));
  const differences = Float64Array.from(ids, (id) => other.get(id)! - one.get(id)!);
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const random = new Random(1).fork("doctor's interval");
  const resampled = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += differences[random.int(differences.length)]!;
    return sum / differences.length;
  }).sort();
  return {
    measure,
    set,
    seeds: before.length,
    before: mean(Float64Array.from(ids, (id) => one.get(id)!)),
    after: mean(Float64Array.from(ids, (id) => other.get(id)!)),
    difference: mean(differences),
    low: resampled[Math.floor(0.025 * RESAMPLES)]!,
    high: resampled[Math.floor(0.975 * RESAMPLES)]!,
  };
}
