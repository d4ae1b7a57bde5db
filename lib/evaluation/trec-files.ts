import path from "node:path";
import {
  type Qrels,
  type RankedRun,
  readTrecRun,
  trecId,
  writeQrels,
  writeTrecRun,
} from "../datasets/trec.js";
import { defaultListener, type Listener } from "../engine/progress.js";
import type { EvaluationSet } from "../experiment/evaluation-set.js";
import { UserError } from "../files/user-error.js";
import { openRetriever } from "../retrieval/retrievers/open-retriever.js";
import { openRun, type QueryResult, type RunFolder } from "../tracking/run-folder.js";
import { evaluate } from "./evaluate.js";
import { type RankingsOptions, writeRankings } from "./write-rankings.js";

export interface TrecExport {
  /** Evaluation set and typo probability. */
  set: string;
  typo: number;
  queries: number;
  qrels: string;
  run: string;
}

/**
 * Writes what a run answers, and the judgements it is measured by, as TREC files that trec_eval and its kin read:
 * `<set>.qrels` and `<set>[-typos-0.5]-<run id>.run`. The system is asked again, for `depth` documents a query.
 *
 * Queries are those that are evaluated, so each has a relevant document. Where two scores are equal, trec_eval would go
 * by document id; the later one is written a little lower, so that the order stays. Ids with blanks are written as
 * {@link trecId} does, in both files.
 *
 * @param options.typos  probabilities of a typo per word. Default: clean queries
 */
export async function exportTrec(
  dir: string,
  outDir: string,
  options: { sets?: readonly string[]; typos?: readonly number[]; depth?: number; listener?: Listener } = {},
): Promise<TrecExport[]> {
  const { typos = [0], depth = 1000, listener = defaultListener() } = options;
  if (!Number.isInteger(depth) || depth < 1)
    throw new UserError(`exportTrec: depth must be a positive integer, got ${depth}`);
  const run = openRun(dir);
  const opened = await openRetriever(dir, { listener });
  try {
    const known = opened.sets.map((set) => set.name);
    const wrong = options.sets?.find((name) => !known.includes(name));
    if (wrong !== undefined)
      throw new UserError(`exportTrec: sets must be of ${known.join(", ")}, got "${wrong}"`);
    const sets = opened.sets.filter((set) => options.sets?.includes(set.name) ?? true);
    const { perQuery } = await evaluate({
      ...opened,
      ...{ sets, ks: [depth], measures: [], typoProbabilities: typos, kept: depth, listener },
    });
    return sets.flatMap((set) => {
      const qrels = path.join(outDir, `${set.name}.qrels`);
      writeQrels(qrels, judgements(set), "trec");
      return typos.map((typo) => {
        const results = perQuery.filter((result) => result.set === set.name && result.typo === typo);
        const suffix = typo === 0 ? "" : `-typos-${typo}`;
        const file = path.join(outDir, `${set.name}${suffix}-${run.manifest().runId}.run`);
        writeTrecRun(file, rankedRun(results), run.manifest().runId);
        return { set: set.name, typo, queries: results.length, qrels, run: file };
      });
    });
  } finally {
    opened.close();
  }
}

/**
 * Reads a TREC run file into a run folder; see {@link writeRankings}. Ids may be those of the data set, or as
 * {@link trecId} writes them.
 */
export function importTrec(
  file: string,
  options: Omit<RankingsOptions, "source" | "alias"> & { set: string },
): Promise<RunFolder> {
  const source = { run_file: file, dataset_dir: options.datasetDir, set: options.set };
  const run = readTrecRun(file, options.listener ?? defaultListener());
  return writeRankings(new Map([[options.set, run]]), { ...options, source, alias: trecId });
}

function judgements(set: EvaluationSet): Qrels {
  return new Map(
    set.queries.map(({ id, grades }) => [
      id,
      new Map([...grades].map(([index, grade]) => [set.pool.ids[index]!, grade])),
    ]),
  );
}

function rankedRun(results: readonly QueryResult[]): RankedRun {
  return new Map(
    results.map(({ id, top }) => [id, top.map(([document, score]) => ({ id: document, score }))]),
  );
}
