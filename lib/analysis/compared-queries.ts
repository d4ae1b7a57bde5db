import type { ComparedQuery } from "../reporting/win-loss.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { compareRuns } from "./compare-runs.js";
import { querySlices } from "./query-slices.js";

/** The queries of a set with what two runs made of them, and their slices. Throws as compareRuns. */
export async function comparedQueries(
  a: RunFolder,
  b: RunFolder,
  options: { set: string; measure: string; typo: number; nameOf: (run: RunFolder) => string },
): Promise<ComparedQuery[]> {
  const { set, measure, typo, nameOf } = options;
  const label = "value";
  const [ofA, ofB] = compareRuns([a, b], [{ label, set, measure, typo }], nameOf);
  const slices = await querySlices(a, { set, typo });
  const results = a.queries().filter((result) => result.set === set && result.typo === typo);
  return results.map(({ id, query }, position) => ({
    ...{ id, query, slices: slices.get(id) ?? {} },
    a: ofA!.values[label]![0]![position]!,
    b: ofB!.values[label]![0]![position]!,
  }));
}
