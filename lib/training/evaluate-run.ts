import { evaluate } from "./evaluate.js";
import { loadExperiment } from "./load-experiment.js";
import { openEncoder } from "./open-encoder.js";
import type { Listener } from "./progress.js";
import { DenseRanker } from "./rankers.js";
import type { RunFolder } from "./run-folder.js";

/**
 * Evaluates saved weights again, possibly at other cut-offs or typo probabilities, and replaces queries.jsonl.gz.
 * metrics.jsonl stays as training wrote it.
 *
 * @param options.checkpoint  weights of this checkpoint instead of the final ones
 */
export async function evaluateRun(
  dir: string,
  options: {
    checkpoint?: string;
    ks?: readonly number[];
    typoProbabilities?: readonly number[];
    listener?: Listener;
  } = {},
): Promise<RunFolder> {
  const { listener = {} } = options;
  const { run, config, encoder } = await openEncoder(dir, options);
  try {
    const data = await loadExperiment(config, listener, { training: false });
    const evaluation = await evaluate({
      sets: data.sets,
      ranker: new DenseRanker({ encoder, ...data.features }, config.recall_validation.similarity),
      ks: options.ks ?? config.recall_validation.k,
      measures: config.recall_validation.measures,
      typoProbabilities: options.typoProbabilities ?? config.recall_validation.query_typo_probabilities,
      textColumns: config.dataset.query_features.filter((f) => f.type === "text").map((f) => f.name),
      listener,
    });
    run.writeQueries(evaluation.perQuery);
    return run;
  } finally {
    encoder.dispose();
  }
}
