import fs from "node:fs";
import path from "node:path";
import type { FusionConfig } from "../config/fusion-schema.js";
import { formatConfig, loadFusionConfig } from "../config/load-config.js";
import { atomicWriteFile } from "../engine/atomic-write.js";
import { judgeRanking } from "../metrics/judged-ranking.js";
import { parseMeasure } from "../metrics/measure.js";
import type { Fusion } from "../retrieval/fusion.js";
import { searchFusionWeight } from "../retrieval/fusion-weight.js";
import { qwertyTypos } from "../typos/qwerty-typos.js";
import { evaluate, misspelledRows, type Ranked } from "./evaluate.js";
import type { EvaluationSet } from "./evaluation-set.js";
import { FusionRanker, sharedPreparation } from "./fusion-ranker.js";
import { type OpenedRanker, openRanker } from "./open-ranker.js";
import type { Listener } from "./progress.js";
import { currentCommit, hostFacts, openRun, packageVersions, RunFolder } from "./run-folder.js";

/**
 * Evaluates two finished runs as one system into a run folder of its own. A weight that is not given is chosen on the
 * validation set, before any other set is looked at. A folder that holds the finished run of the same
 * configuration, later than both runs, is taken as it is.
 *
 * @param options.fresh  start over in any case
 * @throws RangeError if the runs are of different data, or the validation set is also reported on
 */
export async function runFusion(
  config: FusionConfig,
  options: { fresh?: boolean; listener?: Listener } = {},
): Promise<RunFolder> {
  const { listener = {} } = options;
  const run = new RunFolder(path.join(config.output_dir, config.task_id, config.run_id));
  if (!options.fresh && isFinished(run, config)) {
    listener.line?.(`${run.dir}: already finished (--fresh starts over)`);
    return run;
  }
  const startedAt = new Date().toISOString();
  const opened = [
    await openRanker(config.runs[0], { listener }),
    await openRanker(config.runs[1], { listener }),
  ] as const;
  try {
    const [first, second] = opened.map((one) => one.run.manifest());
    if (first!.dataset.fingerprint !== second!.dataset.fingerprint)
      throw new RangeError(
        `runs: must be of the same data, got ${first!.dataset.name} ${first!.dataset.fingerprint.slice(0, 12)} and ${second!.dataset.name} ${second!.dataset.fingerprint.slice(0, 12)}`,
      );
    const reported = setsReported(config, opened[0].sets);
    const fusion = await fusionOf(config, opened, reported, listener);
    fs.rmSync(run.dir, { recursive: true, force: true });
    const { recall_validation: settings } = config;
    const evaluation = await evaluate({
      sets: reported,
      ranker: new FusionRanker(
        opened.map((one) => one.ranker),
        fusion,
        config.depth,
      ),
      ks: settings.k,
      measures: settings.measures,
      typoProbabilities: settings.query_typo_probabilities,
      textColumns: opened[0].textColumns,
      prepare: sharedPreparation(opened),
      listener,
    });
    atomicWriteFile(run.configFile, formatConfig({ ...config, weight: fusion.weights?.[0] ?? null }));
    run.appendMetrics(evaluation.means.map(({ name, value }) => ({ epoch: 0, step: 0, name, value })));
    run.writeQueries(evaluation.perQuery);
    run.writeManifest({
      runFormat: 1,
      kind: "fusion",
      system: config.name,
      taskId: config.task_id,
      runId: config.run_id,
      seed: Math.max(first!.seed, second!.seed),
      dataset: first!.dataset,
      commit: config.commit_hash ?? currentCommit(),
      packages: packageVersions(),
      backend: first!.backend,
      engine: "none",
      host: hostFacts(),
      startedAt,
      endedAt: new Date().toISOString(),
      status: "finished",
      counts: {},
    });
    return run;
  } finally {
    for (const one of opened) one.close();
  }
}

function setsReported(config: FusionConfig, sets: readonly EvaluationSet[]): EvaluationSet[] {
  const wanted = config.recall_validation.sets;
  if (wanted?.includes(config.validation_set) && config.weight === null)
    throw new RangeError(
      `recall_validation.sets: must not hold the set that the weight is chosen on, got "${config.validation_set}"`,
    );
  const found = sets.filter((set) =>
    wanted ? wanted.includes(set.name) : set.name !== config.validation_set,
  );
  if (found.length === 0)
    throw new RangeError(
      `recall_validation.sets: must name evaluation sets of the runs (${sets.map((s) => s.name).join(", ")}), got ${wanted?.join(", ") ?? "none left"}`,
    );
  return found;
}

async function fusionOf(
  config: FusionConfig,
  opened: readonly [OpenedRanker, OpenedRanker],
  reported: readonly EvaluationSet[],
  listener: Listener,
): Promise<Fusion> {
  const { kind } = config;
  if (config.weight !== null) return { kind, weights: [config.weight, 1 - config.weight] };
  if (kind === "reciprocal-rank") return { kind };
  const set = opened[0].sets.find((candidate) => candidate.name === config.validation_set);
  if (!set || reported.includes(set))
    throw new RangeError(
      `validation_set: must be an evaluation set of the runs that is not reported on (${opened[0].sets.map((s) => s.name).join(", ")}), got "${config.validation_set}"`,
    );
  const rows = config.validation_typos.flatMap((probability) =>
    misspelledRows(set.queries, opened[0].textColumns, probability, qwertyTypos, sharedPreparation(opened)),
  );
  const lists: Ranked[][] = [];
  for (const { ranker } of opened) {
    await ranker.index(set.pool);
    lists.push(await ranker.rank(rows, config.depth));
  }
  const measure = parseMeasure(config.measure);
  const chosen = searchFusionWeight(
    rows.map((_, q) => [lists[0]![q]!, lists[1]![q]!] as const),
    kind,
    ({ ids }, q) =>
      measure.compute(judgeRanking(Array.from(ids), set.queries[q % set.queries.length]!.grades)),
    { k: 100 },
  );
  listener.line?.(
    `${config.validation_set}: weight ${chosen.weight.toFixed(2)} of the first run gives ${config.measure} ${chosen.value.toFixed(3)}`,
  );
  return { kind, weights: [chosen.weight, 1 - chosen.weight] };
}

/** The weight that was searched is what the stored configuration may differ in. */
function isFinished(run: RunFolder, config: FusionConfig): boolean {
  if (!fs.existsSync(path.join(run.dir, "manifest.json")) || !fs.existsSync(run.configFile)) return false;
  const { status, endedAt } = run.manifest();
  const stored = loadFusionConfig(run.configFile);
  const asked = config.weight === null ? { ...config, weight: stored.weight } : config;
  const isNewer = config.runs.every((dir) => (openRun(dir).manifest().endedAt ?? "") <= (endedAt ?? ""));
  return status === "finished" && isNewer && formatConfig(stored) === formatConfig(asked);
}
