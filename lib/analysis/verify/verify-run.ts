import { readSealed } from "../../files/sealed-text.js";
import { judgeRanking } from "../../metrics/judged-ranking.js";
import { parseMeasure } from "../../metrics/measure.js";
import { withTypos } from "../../metrics/metric-name.js";
import type { QueryResult, RunFolder } from "../../tracking/run-folder.js";
import type { Finding } from "./compare-pieces.js";

export interface VerifiedRun {
  /** Values of single queries that follow from the ranking that stands beside them. */
  values: number;
  /** Values that do not: their cut-off is deeper than the ranking kept, or grades are not kept. */
  unverifiable: number;
  /** Means of metrics.jsonl that are those of the per-query values. */
  means: number;
  /** Means of metrics.jsonl of other answers: an epoch that was not kept, or weights before they were rounded for storage. */
  otherMeans: number;
  findings: Finding[];
}

/**
 * Makes a run's numbers again from what it holds: each query's measures from its ranking and relevant documents, and the last
 * means in metrics.jsonl from the queries. Seals of manifest and configuration and the hash of the metrics are checked on
 * reading, so means of other answers are at least those that were written.
 *
 * @throws UserError for a file that is damaged or was edited
 */
export function verifyRun(run: RunFolder): VerifiedRun {
  run.manifest();
  readSealed(run.configFile);
  const results = run.queries();
  const findings: Finding[] = [];
  const kept = results.reduce((most, { top }) => Math.max(most, top.length), 0);
  let values = 0;
  let unverifiable = 0;
  for (const result of results)
    for (const [name, shown] of Object.entries(result.values)) {
      const made = valueAgain(result, name, kept);
      if (made === null) unverifiable++;
      else if (Object.is(made, shown)) values++;
      else findings.push({ where: placeOf(result, name), shown: String(shown), made: String(made) });
    }
  return { values, unverifiable, ...compareMeans(run, results), findings };
}

/**
 * A measure of one query from its ranking; null where the ranking kept is too short for the cut-off, or the measure needs
 * grades that are not kept.
 *
 * @param kept  length of the longest ranking: a shorter one is whole
 */
function valueAgain({ top, relevant, grades }: QueryResult, name: string, kept: number): number | null {
  const cut = Number(/@(\d+)$/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
  if (cut > top.length && top.length === kept) return null;
  const isByRelevance = /^(?:Recall|MRR)@\d+$/.test(name);
  if (!isByRelevance && grades === undefined) return null;
  const judged = isByRelevance ? relevant.map((id) => [id, 1] as const) : Object.entries(grades!);
  const ranking = judgeRanking(
    top.map(([id]) => id),
    new Map(judged),
  );
  return parseMeasure(name).compute(ranking);
}

/** The last value of every mean in metrics.jsonl that is of a set and measure of the queries. */
function compareMeans(
  run: RunFolder,
  results: readonly QueryResult[],
): Pick<VerifiedRun, "means" | "otherMeans"> {
  const last = new Map(run.metrics().map(({ name, value }) => [name, value]));
  const [first] = results;
  const groups = new Map<string, number[]>();
  for (const { set, typo, values } of results)
    for (const [measure, value] of Object.entries(values)) {
      const name = `${set === first?.set ? "" : `${set}/`}${withTypos(measure, typo)}`;
      const group = groups.get(name);
      if (group) group.push(value);
      else groups.set(name, [value]);
    }
  let means = 0;
  let otherMeans = 0;
  for (const [name, values] of groups) {
    const shown = last.get(name);
    if (shown === undefined) continue;
    const made = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (Object.is(made, shown)) means++;
    else otherMeans++;
  }
  return { means, otherMeans };
}

function placeOf({ set, typo, id }: QueryResult, measure: string): string {
  return `queries.jsonl.gz, ${set}, typos ${typo}, query ${id}, ${measure}`;
}
