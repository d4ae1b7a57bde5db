import type { Qrels } from "../../datasets/trec.js";
import type { Listener } from "../../engine/progress.js";
import { openRun } from "../../tracking/run-folder.js";
import { buildJudgingTask } from "./build-judging-task.js";
import { readJudgingSources } from "./judging-sources.js";
import { type Rehearsal, rehearseJudging } from "./rehearse-judging.js";

export interface RehearsedShare extends Rehearsal {
  /** Share asked at random; 1: nothing is chosen. */
  random: number;
  queries: number;
}

/** Plays sessions over two runs of a judged data set, for each share of random questions. */
export async function rehearseRuns(
  dirs: readonly [string, string],
  options: {
    set?: string;
    k?: number;
    measure?: string;
    random: readonly number[];
    error: number;
    repetitions: number;
    queries: number;
    labels: readonly number[];
    seed: number;
    listener?: Listener;
  },
): Promise<RehearsedShare[]> {
  const { random: shares, labels, k, measure, listener, set, ...rest } = options;
  const sources = readJudgingSources(dirs, {
    ...(set !== undefined && { set }),
    ...(listener && { listener }),
  });
  const truth: Qrels = new Map(
    openRun(dirs[0])
      .queries()
      .filter((result) => result.set === sources.set && result.typo === 0)
      .map(({ id, relevant, grades }) => [
        id,
        new Map(Object.entries(grades ?? Object.fromEntries(relevant.map((document) => [document, 1])))),
      ]),
  );
  const found: RehearsedShare[] = [];
  for (const random of shares) {
    const task = await buildJudgingTask(sources, {
      ...{ random, pictures: false },
      ...(k !== undefined && { k }),
      ...(measure !== undefined && { measure }),
    });
    found.push({
      ...rehearseJudging(task, truth, { ...rest, looks: [...labels].sort((a, b) => a - b) }),
      ...{ random, queries: task.queries.length },
    });
  }
  return found;
}
