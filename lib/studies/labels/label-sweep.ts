import { openDataset } from "../../datasets/open-dataset.js";
import { knownSets } from "../../experiment/known-sets.js";
import { countTrainingQueries } from "../../experiment/labelled-rows.js";
import { loadConfig } from "../../experiment/load-config.js";
import { loadEvaluation } from "../../experiment/load-experiment.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import type { SweepConfig } from "../../experiment/sweep-schema.js";
import { UserError } from "../../files/user-error.js";
import { parseMeasure } from "../../metrics/measure.js";

/** How a learning curve is measured. */
export interface LabelChoices {
  /** Folder of the runs and results; default: labels- and the configuration's task and run ids. */
  name?: string | undefined;
  /** Training queries of each point; default: all, and down to a sixteenth by halves. */
  sizes?: readonly number[] | undefined;
  seeds?: readonly number[] | undefined;
  /** Default: the first of the configuration, else of the data set. */
  set?: string | undefined;
  /** Default: the configuration's first of `measures`, else Recall@10. */
  measure?: string | undefined;
  /** Probability of a typo per word. Default 0. */
  typo?: number | undefined;
  /** Epochs that small sizes may take to come to as many steps as all data. Default 30. */
  mostEpochs?: number | undefined;
}

/** What a learning curve trains. */
export interface LabelPlan {
  sweep: SweepConfig;
  /** Training queries of each row, ascending. */
  sizes: number[];
  /** Of the data set. */
  queries: number;
  pairs: number;
  set: string;
  measure: string;
  typo: number;
}

/** Halvings of all data, where sizes are not given, and what is too small a part to learn from. */
const HALVINGS = 4;
const FEWEST_QUERIES = 20;
/** Test queries below which nothing can be said of a difference. */
const FEWEST_TEST_QUERIES = 10;
const SMALLEST_BATCH = 16;

/**
 * The sweep of a learning curve: one row for each number of training queries, nested by seed. Every row comes to as many steps
 * as all data would, within `mostEpochs`; a batch holds at most a quarter of the pairs, and 16 at least.
 *
 * @throws UserError for sizes that the data set has not, fewer than three, three with one seed, and too few test queries
 */
export async function labelPlan(
  file: string,
  choices: LabelChoices = {},
  overrides: readonly string[] = [],
): Promise<LabelPlan> {
  const config = loadConfig(file, overrides);
  const { queries, pairs } = await countTrainingQueries(config);
  const sizes = checkedSizes(choices.sizes, queries, config.dataset_dir);
  const seeds = [...(choices.seeds ?? [1, 2, 3])];
  if (sizes.length === 3 && seeds.length === 1)
    throw new UserError(
      `--seeds: must be two or more for a forecast from three sizes (or --sizes four), got ${seeds[0]} for ${sizes.join(", ")}`,
    );
  const { recall_validation: asked } = config;
  const known = knownSets(openDataset(config.dataset_dir)).map(({ name }) => name);
  const set = choices.set ?? asked.sets?.[0] ?? known[0];
  if (set === undefined || !known.includes(set))
    throw new UserError(
      `--eval-set: must be an evaluation set of ${config.dataset_dir} (${known.join(", ")}), got "${set}"`,
    );
  await checkTestQueries(config, set);
  const measure = parseMeasure(choices.measure ?? asked.measures[0] ?? "Recall@10").name;
  const typo = choices.typo ?? 0;
  const cut = Number(/@(\d+)$/.exec(measure)?.[1] ?? 10);
  const steps = config.num_epochs * Math.ceil(pairs / config.batch_size);
  const { mostEpochs = 30 } = choices;
  return {
    ...{ sizes, queries, pairs, set, measure, typo },
    sweep: {
      task_id: choices.name ?? `labels-${config.task_id}-${config.run_id}`,
      title: `Learning curve of ${config.name ?? config.run_id}`,
      base: file,
      set: {
        tensorboard: false,
        recall_validation: {
          ...asked,
          ...{ enabled: true, sets: [set], k: [cut], query_typo_probabilities: [typo] },
          ...{ measures: /^(Recall|MRR)@\d+$/.test(measure) ? [] : [measure], every_epochs: 100_000 },
        },
      },
      seeds,
      labels: {},
      baseline: rowName(sizes.at(-1)!),
      rows: sizes.map((size) => {
        const own = (pairs * size) / queries;
        const batch = Math.min(config.batch_size, Math.max(SMALLEST_BATCH, Math.floor(own / 4)));
        const epochs = Math.ceil(steps / Math.ceil(own / batch));
        return {
          name: rowName(size),
          set: {
            ...(size < queries && { "dataset.labelled_queries": size }),
            batch_size: batch,
            num_epochs: size === queries ? config.num_epochs : Math.min(mostEpochs, epochs),
          },
        };
      }),
    },
  };
}

/** The row of a number of training queries. */
export function rowName(size: number): string {
  return `${size} queries`;
}

function checkedSizes(asked: readonly number[] | undefined, queries: number, dir: string): number[] {
  const halves = Array.from({ length: HALVINGS + 1 }, (_, i) => Math.floor(queries / (1 << (HALVINGS - i))));
  const sizes = asked ? [...asked].sort((a, b) => a - b) : halves.filter((size) => size >= FEWEST_QUERIES);
  const beyond = sizes.find((size) => size > queries);
  if (beyond !== undefined)
    throw new UserError(`--sizes: must be at most ${queries}, the training queries of ${dir}, got ${beyond}`);
  if (new Set(sizes).size !== sizes.length || sizes.length < 3)
    throw new UserError(
      `--sizes: must be at least three different numbers of training queries (${dir} has ${queries}), got ${sizes.join(", ") || "none"}`,
    );
  return sizes;
}

async function checkTestQueries(config: ExperimentConfig, set: string): Promise<void> {
  const { sets } = await loadEvaluation(
    { ...config, recall_validation: { ...config.recall_validation, sets: [set] } },
    config.dataset.query_features.flatMap((one) => ("from" in one && one.from ? one.from : [one.name])),
    config.dataset.document_features.flatMap((one) => ("from" in one && one.from ? one.from : [one.name])),
    {},
  );
  const found = sets[0]!.queries.length;
  if (found < FEWEST_TEST_QUERIES)
    throw new UserError(
      `--eval-set: test queries must be at least ${FEWEST_TEST_QUERIES} for a difference to be shown, got ${found} in "${set}"`,
    );
}
