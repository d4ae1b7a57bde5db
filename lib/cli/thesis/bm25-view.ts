import { recallVsTypo } from "../../reporting/figures/recall-vs-typo.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { headline } from "../../reporting/headline.js";
import { type OurResults, sideBySide } from "../../reporting/published-table.js";
import type { ResultsTable } from "../../reporting/results-table.js";
import type { Table } from "../../reporting/table.js";
import { thesisTables } from "../../reporting/thesis-tables.js";
import type { Listener } from "../../training/progress.js";
import type { RunFolder } from "../../training/run-folder.js";
import { typoLines } from "../../training/run-views.js";
import { runExperiment } from "../run-experiment.js";
import type { ThesisDataset } from "./datasets.js";
import { datasetResults } from "./experiment-view.js";
import { type Size, sweepRuns } from "./sweep-runs.js";

/** The model against BM25, on every data set. */
export interface Bm25View {
  ours: OurResults[];
  table: Table;
  answer: string[];
  /** Recall@10 under typos, a figure per data set and evaluation set. */
  typos: { title: string; figure: Figure }[];
  /** BM25 and one encoder with category per data set, for rankings. */
  pairs: { dataset: ThesisDataset; bm25: RunFolder; encoder: RunFolder }[];
}

/** Table 4.9: BM25 over the documents' names against the two towers of table 4.5. */
export async function bm25View(options: {
  size: Size;
  datasets?: readonly string[];
  workers?: number;
  listener?: Listener;
}): Promise<Bm25View> {
  const { listener = {} } = options;
  const ours: OurResults[] = [];
  const typos: Bm25View["typos"] = [];
  const pairs: Bm25View["pairs"] = [];
  for (const { dataset, runs } of await sweepRuns("modality", options)) {
    const bm25 = await runExperiment("configs/bm25.yaml", bm25Overrides(dataset, runs[0]!), listener);
    const all = [bm25, ...runs];
    ours.push(...datasetResults(all, dataset.sets, dataset.name, "BM25"));
    pairs.push({ dataset, bm25, encoder: runs.find((run) => run.manifest().system === "text + category")! });
    for (const set of dataset.sets)
      typos.push({
        title: `${dataset.name}, ${set}`,
        figure: recallVsTypo(typoLines(all, { set, measure: "Recall@10" }), "Recall@10"),
      });
  }
  return {
    ours,
    table: sideBySide(thesisTables.bm25, ours, ["Recall@10", "MRR@10"]),
    answer: ours.map(({ dataset, results }) => `${dataset}: ${sentence(results)}`),
    typos,
    pairs,
  };
}

function sentence(results: ResultsTable): string {
  return headline(results, "text + category", "Recall@10");
}

/** BM25 is asked what the encoders were asked. */
function bm25Overrides(dataset: ThesisDataset, encoder: RunFolder): string[] {
  const typos = [...new Set(encoder.queries().map((result) => result.typo))];
  return [
    `task_id=thesis-bm25-${dataset.name}`,
    `dataset_dir=${dataset.dir}`,
    `recall_validation.sets=${JSON.stringify(dataset.sets)}`,
    `recall_validation.query_typo_probabilities=${JSON.stringify(typos)}`,
  ];
}
