import { UserError } from "../../files/user-error.js";
import { fuse, type RankedList, type RankFusion, rankCandidates, tabulateCandidates } from "./rank-fusion.js";

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
  kind: Exclude<RankFusion["kind"], "reciprocal-rank">,
  measure: (ranking: RankedList, q: number) => number,
  options: { k: number; gridPoints?: number },
): FusionWeight {
  const { k, gridPoints = 21 } = options;
  if (validation.length === 0)
    throw new UserError("searchFusionWeight: validation must not be empty, got 0 queries");
  if (!Number.isInteger(gridPoints) || gridPoints < 2)
    throw new UserError(`searchFusionWeight: gridPoints must be an integer of at least 2, got ${gridPoints}`);
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

/**
 * {@link searchFusionWeight} for any number of systems: the even grid for two; for more, coordinate ascent from equal
 * weights, or from one system alone where that is better. Each weight in turn is raised and lowered by a step while that
 * serves the validation queries better; when no weight moves, the step is halved, from a half of the equal weight down to a
 * sixteenth of it. Deterministic; finds a local best only.
 *
 * @param validation  per validation query the lists of all systems
 * @returns weights that sum to 1, with the mean measure of the validation queries at them
 */
export function searchFusionWeights(
  validation: readonly (readonly RankedList[])[],
  kind: Exclude<RankFusion["kind"], "reciprocal-rank">,
  measure: (ranking: RankedList, q: number) => number,
  options: { k: number },
): { weights: number[]; value: number } {
  const systems = validation[0]?.length ?? 0;
  if (systems < 2)
    throw new UserError(
      `searchFusionWeights: validation must hold the lists of at least two systems for every query, got ${systems}`,
    );
  if (systems === 2) {
    const pairs = validation.map((lists) => [lists[0]!, lists[1]!] as const);
    const { weight, value } = searchFusionWeight(pairs, kind, measure, options);
    return { weights: [weight, 1 - weight], value };
  }
  const tables = validation.map((lists) => tabulateCandidates(lists, { kind }));
  const meanAt = (weights: readonly number[]): number =>
    tables.reduce((sum, table, q) => sum + measure(rankCandidates(table, weights, options.k), q), 0) /
    tables.length;
  let weights = new Array<number>(systems).fill(1);
  let value = meanAt(weights);
  for (let s = 0; s < systems; s++) {
    const alone = weights.map((_, i) => (i === s ? 1 : 0));
    const found = meanAt(alone);
    if (found <= value) continue;
    weights = alone;
    value = found;
  }
  for (let step = 1 / 2; step >= 1 / 16; step /= 2) {
    let moved = true;
    while (moved) {
      moved = false;
      for (let s = 0; s < systems; s++)
        for (const change of [step, -step]) {
          const tried = weights.map((weight, i) => (i === s ? Math.max(0, weight + change) : weight));
          if (tried.every((weight) => weight === 0)) continue;
          const found = meanAt(tried);
          if (found <= value) continue;
          weights = tried;
          value = found;
          moved = true;
        }
    }
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { weights: weights.map((weight) => weight / total), value };
}
