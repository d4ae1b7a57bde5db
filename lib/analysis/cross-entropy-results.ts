import { runCorpusCrossEntropy } from "../evaluation/corpus-cross-entropy.js";
import { type ResultsTable, resultsTable } from "../reporting/results-table.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { compareRuns } from "./compare-runs.js";

/** Column of {@link crossEntropyResults}: minus the cross-entropy over the corpus, so that more is better. */
export const LOG_LIKELIHOOD = "log-likelihood";

/**
 * The objective that full softmax minimises beside the measures it stands for: the log-likelihood over all documents
 * (nats, at the run's temperature) and retrieval measures, on clean queries of one set.
 */
export async function crossEntropyResults(
  runs: readonly RunFolder[],
  options: { set: string; baseline: string; measures?: readonly string[]; title?: string },
): Promise<ResultsTable> {
  const { set, baseline, measures = ["Recall@10", "MRR@10"] } = options;
  const systems = compareRuns(
    runs,
    measures.map((measure) => ({ label: measure, set, measure, typo: 0 })),
  );
  const withLikelihood = [];
  for (const system of systems) {
    const likelihoods: Float64Array[] = [];
    for (const { dir } of system.runs)
      likelihoods.push((await runCorpusCrossEntropy(dir, set)).map((nats) => -nats));
    withLikelihood.push({ ...system, values: { [LOG_LIKELIHOOD]: likelihoods, ...system.values } });
  }
  return resultsTable(withLikelihood, {
    baseline,
    metrics: [LOG_LIKELIHOOD, ...measures],
    title: options.title ?? `Queries: ${set}`,
  });
}
