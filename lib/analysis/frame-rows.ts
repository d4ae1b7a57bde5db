import { readItems } from "../datasets/items.js";
import { evaluationFilesOf, openDataset } from "../datasets/open-dataset.js";
import { ownEntry } from "../files/own-entry.js";
import type { QueryResult, RunFolder } from "../tracking/run-folder.js";

type PlainRow = Record<string, string | number>;

/**
 * Runs as plain rows for a data frame: name, seed, data set, parameters, and the mean over clean queries of every
 * measure that all of the runs have, on their first evaluation set.
 *
 * @throws RangeError if a run has no results
 */
export function runRows(runs: readonly RunFolder[]): PlainRow[] {
  const clean = runs.map((run) => {
    const results = run.queries();
    return results.filter(({ set, typo }) => set === results[0]!.set && typo === 0);
  });
  const measures = Object.keys(clean[0]?.[0]?.values ?? {}).filter((measure) =>
    clean.every((results) => Object.hasOwn(results[0]!.values, measure)),
  );
  return runs.map((run, i) => {
    const { system, seed, dataset, counts, taskId, runId } = run.manifest();
    return {
      run: `${taskId}/${runId}`,
      system,
      seed,
      dataset: dataset.name,
      parameters: counts["parameters"] ?? 0,
      ...Object.fromEntries(measures.map((measure) => [measure, mean(clean[i]!, measure)])),
    };
  });
}

function mean(results: readonly QueryResult[], measure: string): number {
  return results.reduce((sum, { values }) => sum + values[measure]!, 0) / results.length;
}

/**
 * The documents of a data set's pool as plain rows for a data frame: every column of its items file, as text.
 *
 * @param dir  data-set folder, e.g. data/emoji
 */
export async function documentRows(dir: string): Promise<PlainRow[]> {
  const { items } = await readItems(evaluationFilesOf(openDataset(dir, { verify: "size" })).itemsPath);
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))];
  return items.map((item) =>
    Object.fromEntries(columns.map((column) => [column, ownEntry(item, column) ?? ""])),
  );
}
