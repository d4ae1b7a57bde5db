import { UserError } from "../files/user-error.js";
import type { Interval } from "../metrics/bootstrap.js";
import { shownResampling } from "../metrics/bootstrap.js";
import { meanInterval } from "../metrics/mean-interval.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { compareRuns } from "./compare-runs.js";

/** A measure by slice of an evaluation set: one interval per slice and system. */
export interface SliceMeans {
  /** "slice (n queries)", in alphabetical order of slices. */
  labels: string[];
  /** One value per label, mean over the slice's queries (over seeds first). */
  series: { name: string; values: Interval[] }[];
}

/**
 * A measure on every slice of an evaluation set, with intervals over the slice's queries (and seeds).
 *
 * @param options.typo  probability of a typo per word
 * @throws RangeError if the queries of the set carry no slices
 */
export function sliceMeans(
  runs: readonly RunFolder[],
  options: { set: string; measure: string; typo?: number; nameOf?: (run: RunFolder) => string },
): SliceMeans {
  const { set, measure, typo = 0 } = options;
  const results = runs[0]!.queries().filter((result) => result.set === set && result.typo === typo);
  const slices = [...new Set(results.flatMap((result) => result.slice ?? []))].sort();
  if (slices.length === 0)
    throw new UserError(
      `sliceMeans: queries of set "${set}" must carry a slice, got none in ${runs[0]!.dir}`,
    );
  const members = slices.map((slice) =>
    results.flatMap((result, position) => (result.slice === slice ? [position] : [])),
  );
  const label = "value";
  const systems = compareRuns(runs, [{ label, set, measure, typo }], options.nameOf);
  const series = systems.map(({ system, values }) => {
    const seeds = values[label]!;
    return {
      name: system,
      values: members.map((queries) =>
        meanInterval(
          seeds.map((seed) => queries.map((query) => seed[query]!)),
          shownResampling,
        ),
      ),
    };
  });
  const labels = slices.map((slice, i) => `${slice} (${members[i]!.length.toLocaleString("en")} queries)`);
  return { labels, series };
}
