import fs from "node:fs";
import { UserError } from "../files/user-error.js";
import type { PageComparison } from "../reporting/compare-page.js";
import type { ComparedQuery } from "../reporting/win-loss.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { evaluatedOn } from "./compare-runs.js";
import { comparedQueries } from "./compared-queries.js";
import { setTable, withPictures } from "./report-page.js";
import { rankedQueries } from "./run-documents.js";
import { sourceFiles } from "./run-sources.js";

export interface ComparisonOptions {
  /** Evaluation set; default: the first that both runs were evaluated on. */
  set?: string;
  measure?: string;
  /** Probability of a typo per word. */
  typo?: number;
  /** Most changed queries shown, to either side. */
  shown?: number;
}

/**
 * Compares run a with run b on one evaluation set, query by query.
 *
 * @throws RangeError if both are one system, or the runs share no evaluation set
 */
export async function compareTwoRuns(
  a: RunFolder,
  b: RunFolder,
  options: ComparisonOptions = {},
): Promise<PageComparison> {
  const { measure = "Recall@10", typo = 0, shown = 6 } = options;
  const nameOf = systemNames(a, b);
  const { sets, typos } = evaluatedOn(a, b);
  const set = options.set ?? sets[0];
  if (set === undefined)
    throw new UserError(
      `compare: the runs must share an evaluation set, got ${a.dir} and ${b.dir} with none in common`,
    );
  const queries = await comparedQueries(a, b, { set, measure, typo, nameOf });
  const changed = [...queries].sort((x, y) => y.a - y.b - (x.a - x.b));
  const rank = async (chosen: readonly ComparedQuery[]) =>
    (await rankedQueries([a, b], { set, typo, measure, nameOf, ids: chosen.map(({ id }) => id) })).map(
      withPictures,
    );
  const won = changed.filter((query) => query.a > query.b).slice(0, shown);
  const lost = changed
    .filter((query) => query.a < query.b)
    .reverse()
    .slice(0, shown);
  const setting = `${set}${typo === 0 ? "" : `, typos ${typo}`}`;
  return {
    a: nameOf(a),
    b: nameOf(b),
    setting,
    measure,
    results: setTable(
      [b, a],
      set,
      [typo, ...typos.filter((p) => p > typo)],
      nameOf(b),
      `Queries: ${setting}`,
      { nameOf },
    ),
    queries,
    won: await rank(won),
    lost: await rank(lost),
    madeFrom: {
      rule: "comparison",
      files: [a, b].flatMap(sourceFiles),
      options: { set, measure, typo, shown },
    },
    sources: [a, b].flatMap((run) => sourceFiles(run).map((source) => ({ what: nameOf(run), ...source }))),
  };
}

/** Two runs of one system are named by their seeds, else by run id, and by task where these differ. */
function systemNames(a: RunFolder, b: RunFolder): (run: RunFolder) => string {
  if (fs.realpathSync(a.dir) === fs.realpathSync(b.dir))
    throw new UserError(`compare: the runs must differ, got ${a.dir} twice`);
  const [first, second] = [a.manifest(), b.manifest()];
  return (run) => {
    const { system, taskId, runId, seed } = run.manifest();
    if (first.system !== second.system) return system;
    if (first.taskId !== second.taskId) return `${system} (${taskId}/${runId})`;
    return first.seed === second.seed ? `${system} (${runId})` : `${system}, seed ${seed}`;
  };
}
