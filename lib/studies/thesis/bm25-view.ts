import { typoLines } from "../../analysis/curves.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { recallVsTypo } from "../../reporting/figures/recall-vs-typo.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { headline } from "../../reporting/headline.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import type { Table } from "../../reporting/table.js";
import { runExperiment } from "../../runs/run-experiment.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import type { ThesisDataset } from "./datasets.js";
import { datasetResults } from "./experiment-view.js";
import { furtherMeasures, hybridRun } from "./hybrid-run.js";
import { type OurResults, sideBySide } from "./published-table.js";
import { type Size, sweepRuns } from "./sweep-runs.js";
import { thesisTables } from "./thesis-tables.js";

/** BM25 and the two towers of table 4.5 on one data set. */
export interface Bm25Runs {
  dataset: ThesisDataset;
  bm25: RunFolder;
  /** All rows and seeds. */
  encoders: RunFolder[];
  /** One with category, for rankings. */
  encoder: RunFolder;
}

/** The model against BM25, on every data set. */
export interface Bm25View {
  ours: OurResults[];
  /** nDCG@10, over the whole pool and over judged documents alone. */
  graded: OurResults[];
  table: Table;
  answer: string[];
  /** Recall@10 under typos, a figure per data set and evaluation set. */
  typos: { title: string; figure: Figure }[];
  pairs: Bm25Runs[];
}

interface Options {
  size: Size;
  datasets?: readonly string[];
  workers?: number;
  listener?: Listener;
}

const ENCODER = "text + category";
const HYBRID = "BM25 and text + category together";

/** The runs of table 4.9, run or read. */
async function bm25Runs(options: Options): Promise<Bm25Runs[]> {
  const found: Bm25Runs[] = [];
  for (const { dataset, runs: encoders } of await sweepRuns("modality", options)) {
    const bm25 = await runExperiment("configs/emoji/bm25.yaml", {
      overrides: bm25Overrides(dataset, encoders[0]!),
      ...(options.listener && { listener: options.listener }),
    });
    const encoder = encoders.find((run) => run.manifest().system === ENCODER)!;
    found.push({ dataset, bm25, encoders, encoder });
  }
  return found;
}

/** Table 4.9: BM25 over the documents' names against the two towers of table 4.5, and both together. */
export async function bm25View(options: Options): Promise<Bm25View> {
  const ours: OurResults[] = [];
  const graded: OurResults[] = [];
  const typos: Bm25View["typos"] = [];
  const pairs = await bm25Runs(options);
  for (const { dataset, bm25, encoders } of pairs) {
    const hybrids: RunFolder[] = [];
    for (const encoder of encoders)
      if (encoder.manifest().system === ENCODER)
        hybrids.push(await hybridRun(bm25, encoder, HYBRID, options.listener ?? defaultListener()));
    const all = [bm25, ...encoders, ...hybrids];
    ours.push(...datasetResults(all, dataset.sets, dataset.name, "BM25"));
    const further = furtherMeasures(bm25);
    if (further.length > 0)
      graded.push(...datasetResults(all, dataset.sets, dataset.name, "BM25", undefined, further));
    for (const set of dataset.sets)
      typos.push({
        title: `${dataset.name}, ${set}`,
        figure: recallVsTypo(typoLines(all, { set, measure: "Recall@10" }), "Recall@10"),
      });
  }
  return {
    ours,
    graded,
    table: sideBySide(thesisTables.bm25, ours, ["Recall@10", "MRR@10"]),
    answer: ours.map(({ dataset, results }) => `${dataset}: ${sentence(results)}`),
    typos,
    pairs,
  };
}

function sentence(results: ResultsTable): string {
  return [ENCODER, HYBRID].map((system) => headline(results, system, "Recall@10")).join(" ");
}

/** BM25 is asked what the encoders were asked. */
function bm25Overrides(dataset: ThesisDataset, encoder: RunFolder): string[] {
  const typos = [...new Set(encoder.queries().map((result) => result.typo))];
  return [
    `task_id=thesis-bm25-${dataset.name}`,
    `dataset_dir=${dataset.dir}`,
    `recall_validation.sets=${JSON.stringify(dataset.sets)}`,
    `recall_validation.query_typo_probabilities=${JSON.stringify(typos)}`,
    `recall_validation.measures=${JSON.stringify(furtherMeasures(encoder))}`,
  ];
}
