import { defaultListener, type Listener } from "../engine/progress.js";
import { askedMeasures } from "../experiment/asked-measures.js";
import { readJudgedGrades, withJudgements } from "../experiment/judged-grades.js";
import type { EvaluatedJudgements } from "../experiment/sections/judgements.js";
import { checkMisspellable, openRetriever } from "../retrieval/retrievers/open-retriever.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { evaluate } from "./evaluate.js";

/**
 * Evaluates a finished run again, possibly at other cut-offs, typo probabilities or with further judgements, and replaces queries.jsonl.gz.
 * metrics.jsonl stays as training wrote it.
 *
 * @param of  the run, or its folder
 * @param options.checkpoint  weights of this checkpoint instead of the final ones
 * @throws RangeError if queries without text are to be misspelled
 */
export async function reevaluateRun(
  of: RunFolder | string,
  options: {
    checkpoint?: string;
    ks?: readonly number[];
    typoProbabilities?: readonly number[];
    /** Further judgements, beside those of the run's configuration. */
    judgements?: EvaluatedJudgements | undefined;
    listener?: Listener;
  } = {},
): Promise<RunFolder> {
  const { listener = defaultListener(), judgements } = options;
  const opened = await openRetriever(typeof of === "string" ? of : of.dir, options);
  const { run, settings } = opened;
  try {
    if (options.typoProbabilities?.some((p) => p > 0))
      checkMisspellable(opened, "typo probabilities above 0");
    const judged =
      judgements &&
      withJudgements(opened.sets, readJudgedGrades(judgements, run.manifest().dataset), judgements);
    if (judged?.line) listener.line?.(judged.line);
    const evaluation = await evaluate({
      ...opened,
      ...(judged && { sets: judged.sets }),
      ks: options.ks ?? settings.k,
      measures: askedMeasures({ ...settings, ...(judgements && { judgements }) }),
      typoProbabilities: options.typoProbabilities ?? settings.query_typo_probabilities,
      listener,
    });
    run.writeQueries(evaluation.perQuery);
    return run;
  } finally {
    opened.close();
  }
}
