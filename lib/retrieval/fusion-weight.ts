import { type Fusion, fuse, type RankedList } from "./fusion.js";

export interface FusionWeight {
  /** Weight of the first system; the second has 1 − weight. */
  weight: number;
  /** Mean measure of the validation queries at that weight. */
  value: number;
  /** All weights tried, ascending, with their means: how flat the top is. */
  curve: { weight: number; value: number }[];
}

/**
 * Looks for the weight of two systems that serves the validation queries best: every weight of an even grid from 0 to 1 is
 * tried; the first with the highest mean wins. At 0 and 1 a system still says which documents come last.
 *
 * The queries here must not be those that results are reported on: a weight chosen on the test set makes every figure
 * measured with it too high.
 *
 * @param validation  per validation query the lists of the two systems
 * @param measure     value of a fused ranking for query q, higher is better
 * @param options.k   documents kept of each fused ranking, as the measure needs
 * @param options.gridPoints  number of weights tried, at least 2. Default 21: steps of 0.05
 */
export function searchFusionWeight(
  validation: readonly (readonly [RankedList, RankedList])[],
  kind: Exclude<Fusion["kind"], "reciprocal-rank">,
  measure: (ranking: RankedList, q: number) => number,
  options: { k: number; gridPoints?: number },
): FusionWeight {
  const { k, gridPoints = 21 } = options;
  if (validation.length === 0)
    throw new RangeError("searchFusionWeight: validation must not be empty, got 0 queries");
  if (!Number.isInteger(gridPoints) || gridPoints < 2)
    throw new RangeError(
      `searchFusionWeight: gridPoints must be an integer of at least 2, got ${gridPoints}`,
    );
  const curve = Array.from({ length: gridPoints }, (_, i) => {
    const weight = i / (gridPoints - 1);
    let sum = 0;
    validation.forEach((lists, q) => {
      sum += measure(fuse(lists, { kind, weights: [weight, 1 - weight] }, k), q);
    });
    return { weight, value: sum / validation.length };
  });
  const best = curve.reduce((a, b) => (b.value > a.value ? b : a));
  return { ...best, curve };
}
