import fs from "node:fs";
import { defaultListener, type Listener } from "../engine/progress.js";
import { misspelledRows } from "../evaluation/evaluate.js";
import { writeRetrieverRun } from "../evaluation/write-retriever-run.js";
import type { EvaluationSet } from "../experiment/evaluation-set.js";
import type { FusionConfig } from "../experiment/fusion-schema.js";
import { formatConfig, loadFusionConfig } from "../experiment/load-config.js";
import { UserError } from "../files/user-error.js";
import { judgeRanking } from "../metrics/judged-ranking.js";
import { parseMeasure } from "../metrics/measure.js";
import { searchFusionWeights } from "../retrieval/fusion/fusion-weight.js";
import type { RankFusion } from "../retrieval/fusion/rank-fusion.js";
import { FusionRetriever, sharedPreparation } from "../retrieval/retrievers/fusion-retriever.js";
import { type OpenedRetriever, openRetriever } from "../retrieval/retrievers/open-retriever.js";
import type { Ranked } from "../retrieval/retrievers/retriever.js";
import { mayReuse } from "../tracking/reuse-run.js";
import { type RunFolder, runFolderOf } from "../tracking/run-folder.js";
import { qwertyTypos } from "../typos/qwerty-typos.js";

/**
 * Evaluates finished runs as one system into a run folder of its own. Weights that are not given are chosen on the
 * validation set, before any other set is looked at. A folder that holds the finished run of the same
 * configuration, later than all of its runs, is taken as it is.
 *
 * @param options.fresh  start over in any case
 * @throws RangeError if the runs are of different data, or the validation set is also reported on
 */
export async function runFusion(
  config: FusionConfig,
  options: { fresh?: boolean; listener?: Listener } = {},
): Promise<RunFolder> {
  const { listener = defaultListener() } = options;
  const run = runFolderOf(config);
  const asked = { matches: () => isOf(config, run), madeOf: config.runs };
  if (mayReuse(run, asked, options)) return run;
  const startedAt = new Date().toISOString();
  const opened: OpenedRetriever[] = [];
  try {
    for (const dir of config.runs) opened.push(await openRetriever(dir, { listener }));
    const manifests = opened.map((one) => one.run.manifest());
    const first = manifests[0]!;
    for (const { dataset } of manifests)
      if (dataset.fingerprint !== first.dataset.fingerprint)
        throw new UserError(
          `runs: must be of the same data, got ${first.dataset.name} ${first.dataset.fingerprint.slice(0, 12)} and ${dataset.name} ${dataset.fingerprint.slice(0, 12)}`,
        );
    const reported = setsReported(config, opened[0]!.sets);
    const fusion = await fusionOf(config, opened, reported, listener);
    fs.rmSync(run.dir, { recursive: true, force: true });
    await writeRetrieverRun(
      run,
      {
        kind: "fusion",
        config,
        configText: formatConfig({ ...config, weights: fusion.weights ? [...fusion.weights] : null }),
        startedAt,
        seed: manifests.reduce((seed, manifest) => Math.max(seed, manifest.seed), 0),
        dataset: first.dataset,
        backend: manifests.find((manifest) => manifest.backend !== "none")?.backend ?? "none",
        counts: {},
        retriever: new FusionRetriever(
          opened.map((one) => one.retriever),
          fusion,
          config.depth,
        ),
        sets: reported,
        textColumns: opened[0]!.textColumns,
        prepare: sharedPreparation(opened),
      },
      listener,
    );
    return run;
  } finally {
    for (const one of opened) one.close();
  }
}

function setsReported(config: FusionConfig, sets: readonly EvaluationSet[]): EvaluationSet[] {
  const wanted = config.recall_validation.sets;
  if (wanted?.includes(config.validation_set) && config.weights === null)
    throw new UserError(
      `recall_validation.sets: must not hold the set that weights are chosen on, got "${config.validation_set}"`,
    );
  const found = sets.filter((set) =>
    wanted ? wanted.includes(set.name) : set.name !== config.validation_set,
  );
  if (found.length === 0)
    throw new UserError(
      `recall_validation.sets: must name evaluation sets of the runs (${sets.map((s) => s.name).join(", ")}), got ${wanted?.join(", ") ?? "none left"}`,
    );
  return found;
}

async function fusionOf(
  config: FusionConfig,
  opened: readonly OpenedRetriever[],
  reported: readonly EvaluationSet[],
  listener: Listener,
): Promise<RankFusion> {
  const { kind, weights } = config;
  if (weights !== null) return { kind, weights };
  if (kind === "reciprocal-rank") return { kind };
  const set = opened[0]!.sets.find((candidate) => candidate.name === config.validation_set);
  if (!set || reported.includes(set))
    throw new UserError(
      `validation_set: must be an evaluation set of the runs that is not reported on (${opened[0]!.sets.map((s) => s.name).join(", ")}), got "${config.validation_set}"`,
    );
  const rows = config.validation_typos.flatMap((probability) =>
    misspelledRows(set.queries, opened[0]!.textColumns, probability, qwertyTypos, sharedPreparation(opened)),
  );
  const lists: Ranked[][] = [];
  for (const { retriever } of opened) {
    await retriever.index(set.pool);
    lists.push(await retriever.retrieve(rows, config.depth));
  }
  const measure = parseMeasure(config.measure);
  const chosen = searchFusionWeights(
    rows.map((_, q) => lists.map((list) => list[q]!)),
    kind,
    ({ ids }, q) =>
      measure.compute(judgeRanking(Array.from(ids), set.queries[q % set.queries.length]!.grades)),
    { k: 100 },
  );
  listener.line?.(
    `${config.validation_set}: weights ${chosen.weights.map((weight) => weight.toFixed(2)).join(", ")} give ${config.measure} ${chosen.value.toFixed(3)}`,
  );
  return { kind, weights: chosen.weights };
}

/** Whether a run is of a configuration: in the weights that were searched the stored one may differ. */
function isOf(config: FusionConfig, run: RunFolder): boolean {
  const stored = loadFusionConfig(run.configFile);
  const asked = config.weights === null ? { ...config, weights: stored.weights } : config;
  return formatConfig(stored) === formatConfig(asked);
}
