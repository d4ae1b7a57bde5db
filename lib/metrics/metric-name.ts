import { UserError } from "../files/user-error.js";

/**
 * The published name of a measure: `Recall@10`, with `/typos_prob=0.5` appended unless the typo probability is 0.
 *
 * @param measure          e.g. `Recall` or `MRR`
 * @param k                the cut-off
 * @param typoProbability  probability of a typo per query word, in [0, 1]
 */
export function metricName(measure: string, k: number, typoProbability = 0): string {
  if (!(typoProbability >= 0 && typoProbability <= 1))
    throw new UserError(`metricName: typoProbability must be in [0, 1], got ${typoProbability}`);
  return withTypos(`${measure}@${k}`, typoProbability);
}

/** A measure's name with the published suffix for misspelled queries. */
export function withTypos(name: string, typoProbability: number): string {
  return typoProbability === 0 ? name : `${name}/typos_prob=${typoProbability}`;
}
