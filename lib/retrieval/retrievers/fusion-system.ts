import { z } from "zod";
import type { Listener } from "../../engine/progress.js";
import type { EvaluationSet } from "../../experiment/evaluation-set.js";
import { UserError } from "../../files/user-error.js";
import { judgeRanking } from "../../metrics/judged-ranking.js";
import { parseMeasure } from "../../metrics/measure.js";
import type { Manifest } from "../../tracking/run-folder.js";
import { qwertyTypos } from "../../typos/qwerty-typos.js";
import { searchFusionWeights } from "../fusion/fusion-weight.js";
import { FusionRetriever, sharedPreparation } from "./fusion-retriever.js";
import { misspelledRows } from "./misspelled-rows.js";
import {
  answeredSets,
  evaluationKeys,
  identityKeys,
  type OpenedRetriever,
  outputKeys,
  type RetrievalSystem,
} from "./retrieval-system.js";
import type { Ranked } from "./retriever.js";

/** Name of the set that choices are made on. */
const VALIDATION = "validation";

const keys = z.strictObject({
  ...identityKeys("fusion", "fusion"),
  ...outputKeys,
  runs: z
    .array(z.string().min(1))
    .min(2)
    .describe("run folders on the same data set, or configuration files that are run first"),
  kind: z
    .enum(["reciprocal-rank", "min-max", "z-score", "sum"])
    .default("z-score")
    .describe("how rankings become one"),
  weights: z
    .array(z.number().min(0))
    .refine((weights) => weights.some((weight) => weight > 0), { error: "must not all be 0" })
    .nullable()
    .default(null)
    .describe(
      "one per run; null = searched on validation_set; equal for reciprocal-rank, and where there is no such set, which the run says: unchecked",
    ),
  validation_set: z
    .string()
    .min(1)
    .default(VALIDATION)
    .describe("evaluation set that weights are chosen on; never one that results are reported on"),
  measure: z.string().min(1).default("nDCG@10").describe("what the chosen weights make best"),
  validation_typos: z
    .array(z.number().min(0).max(1))
    .min(1)
    .default([0])
    .describe(
      "typo probabilities at which the validation queries are asked for the choice; 0 = as they are. Several count alike",
    ),
  depth: z.int().min(10).default(200).describe("results of each run that are fused"),
  ...evaluationKeys,
});

/** Finished runs, an encoder and BM25 say, answering together. */
export const fusionSchema = keys.superRefine(({ runs, weights }, context) => {
  if (weights !== null && weights.length !== runs.length)
    context.addIssue({
      code: "custom",
      path: ["weights"],
      message: `must have one number per run, ${runs.length}, got ${weights.length}`,
    });
});

export type FusionConfig = z.infer<typeof fusionSchema>;

/**
 * Finished runs answering as one. Weights that are not given are chosen on the validation set, before any other set is
 * looked at.
 *
 * @throws UserError if the runs are of different data, or the validation set is also reported on
 */
export const fusionSystem: RetrievalSystem<FusionConfig> = {
  system: "fusion",
  summary: "a fusion of several runs",
  schema: fusionSchema,
  madeOf: "runs",
  // in weights that were searched the stored configuration may differ
  isSame: (stored, asked) =>
    JSON.stringify(stored) ===
    JSON.stringify(asked.weights === null ? { ...asked, weights: stored.weights } : asked),
  async open(asked, { run, listener, openRun }) {
    const opened: OpenedRetriever[] = [];
    const close = () => {
      for (const one of opened) one.close();
    };
    try {
      for (const dir of asked.runs) opened.push(await openRun(dir));
      const first = opened[0]!;
      const sets = run ? answeredSets(run, first.sets) : setsReported(asked, first.sets);
      const origin = originOf(opened);
      const config = run ? asked : await withWeights(asked, opened, sets, listener);
      const { kind, weights, depth } = config;
      const retrievers = opened.map((one) => one.retriever);
      return {
        ...first,
        config,
        prepare: sharedPreparation(opened),
        retriever: new FusionRetriever(retrievers, weights === null ? { kind } : { kind, weights }, depth),
        sets,
        queryColumns: [...new Set(opened.flatMap((one) => one.queryColumns))],
        readQueries: async (queries) => {
          for (const one of opened) await one.readQueries?.(queries);
        },
        documentColumns: [...new Set(opened.flatMap((one) => one.documentColumns))],
        origin,
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  },
};

function originOf(
  opened: readonly OpenedRetriever[],
): Pick<Manifest, "seed" | "dataset" | "backend" | "counts"> {
  const manifests = opened.map((one) => one.run.manifest());
  const first = manifests[0]!;
  for (const { dataset } of manifests)
    if (dataset.fingerprint !== first.dataset.fingerprint)
      throw new UserError(
        `runs: must be of the same data, got ${first.dataset.name} ${first.dataset.fingerprint.slice(0, 12)} and ${dataset.name} ${dataset.fingerprint.slice(0, 12)}`,
      );
  return {
    seed: manifests.reduce((seed, manifest) => Math.max(seed, manifest.seed), 0),
    dataset: first.dataset,
    backend: manifests.find((manifest) => manifest.backend !== "none")?.backend ?? "none",
    counts: {},
  };
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

async function withWeights(
  config: FusionConfig,
  opened: readonly OpenedRetriever[],
  reported: readonly EvaluationSet[],
  listener: Listener,
): Promise<FusionConfig> {
  const { kind, weights } = config;
  if (weights !== null || kind === "reciprocal-rank") return config;
  const set = opened[0]!.sets.find((candidate) => candidate.name === config.validation_set);
  if (!set && config.validation_set === VALIDATION) {
    const equal = opened.map(() => 1 / opened.length);
    listener.line?.(
      `weights ${equal.map((weight) => weight.toFixed(2)).join(", ")}, unchecked: no set "${VALIDATION}" to choose them on`,
    );
    return { ...config, weights: equal };
  }
  if (!set || reported.includes(set))
    throw new UserError(
      `validation_set: must be an evaluation set of the runs that is not reported on (${opened[0]!.sets.map((s) => s.name).join(", ")}), got "${config.validation_set}"`,
    );
  const rows = config.validation_typos.flatMap((probability) =>
    misspelledRows(set.queries, opened[0]!.textColumns, probability, qwertyTypos, sharedPreparation(opened)),
  );
  const asked = rows.map((_, i) => ({ set: set.name, id: set.queries[i % set.queries.length]!.id }));
  const lists: Ranked[][] = [];
  for (const { retriever } of opened) {
    await retriever.index(set.pool);
    lists.push(await retriever.retrieve(rows, config.depth, asked));
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
  return { ...config, weights: [...chosen.weights] };
}
