import { defaultListener, type Listener } from "../engine/progress.js";
import { validationQueries } from "../experiment/validation-queries.js";
import { misspelledRows } from "../retrieval/retrievers/misspelled-rows.js";
import { openRetriever } from "../retrieval/retrievers/open-retriever.js";
import { type SavedThreshold, saveThresholdFile } from "../retrieval/retrievers/saved-threshold.js";
import {
  chooseThreshold,
  type ScoredAnswer,
  type ThresholdCriterion,
} from "../retrieval/retrievers/threshold.js";
import { qwertyTypos } from "../typos/qwerty-typos.js";
import { checkEvaluable } from "./evaluate.js";

const QUERIES_PER_SEARCH = 128;

/**
 * Chooses the score under which a run's search returns nothing, on the validation part of its data set (never on an
 * evaluation set), and saves it in the run as threshold.json.
 *
 * @param options.typos    misspells the validation queries with these probabilities, all of them together
 * @param options.answers  looked at of each query; default 10
 * @returns null (nothing is saved) if no threshold meets the criterion
 */
export async function saveThreshold(
  dir: string,
  options: {
    criterion: ThresholdCriterion;
    typos?: readonly number[];
    answers?: number;
    listener?: Listener;
  },
): Promise<SavedThreshold | null> {
  const { criterion, typos = [0], answers: depth = 10, listener = defaultListener() } = options;
  const { run, retriever, sets, textColumns, nameColumn, prepare, close, ...opened } = await openRetriever(
    dir,
    {
      listener,
    },
  );
  try {
    const { pool } = sets[0]!;
    checkEvaluable({ sets: [], textColumns, typoProbabilities: typos });
    const names = { queries: opened.queryColumns, document: nameColumn };
    const { queries } = await validationQueries(run.manifest().dataset.dir, pool, names);
    await opened.readQueries?.(queries.map(({ fields }) => fields));
    await retriever.index(pool);
    const most = Math.min(depth, pool.items.length);
    const answers: ScoredAnswer[][] = [];
    for (const probability of typos) {
      const rows = misspelledRows(queries, textColumns, probability, qwertyTypos, prepare);
      for (let start = 0; start < rows.length; start += QUERIES_PER_SEARCH) {
        const ranked = await retriever.retrieve(rows.slice(start, start + QUERIES_PER_SEARCH), most);
        ranked.forEach(({ ids, scores }, i) => {
          const { relevant } = queries[start + i]!;
          const found = Array.from(ids, (id, rank) => ({
            score: scores[rank]!,
            relevant: relevant.has(id),
            id,
          }));
          answers.push(found.filter(({ id }) => id >= 0));
        });
      }
    }
    const relevant = typos.length * queries.reduce((sum, query) => sum + query.relevant.size, 0);
    const chosen = chooseThreshold(answers, relevant, criterion);
    if (chosen === null) return null;
    const saved = {
      ...chosen,
      criterion,
      queries: queries.length,
      typos: [...typos],
      answers: depth,
      content: run.contentOf(),
    };
    saveThresholdFile(run, saved);
    return saved;
  } finally {
    close();
  }
}
