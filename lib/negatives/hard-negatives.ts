import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";

/** Which ranks and scores may become hard negatives. */
export interface MiningRules {
  /** first rank, from 1 */
  rankFrom: number;
  /** last rank */
  rankTo: number;
  /** keep documents whose score is at least this much below the query's best positive; null = all */
  margin: number | null;
}

/** What is known of documents that are no positives of a query. */
export interface MiningVerdicts {
  /** Judged not relevant to query q: negatives first of all, whatever their rank and score. */
  notRelevant: (query: number) => ReadonlySet<number> | undefined;
  /** Suspected to be relevant to query q: never taken unless judged not relevant. */
  suspects: (query: number) => ReadonlySet<number> | undefined;
  /** Whether documents without a judgement may be taken at all. */
  unjudged: boolean;
}

/** The best documents of some queries, best first: ids [Q, depth], −1 where there are fewer. */
export interface CandidateRankings {
  ids: Int32Array;
  scores: Float32Array;
  depth: number;
}

/**
 * The documents of each ranking that may be negatives: ranks rankFrom … rankTo, none of the query's known positives, and
 * with a margin none that scores above the best positive's score minus it (likely an unlabelled positive). What judgements
 * and suspicions say goes before all of that but the positives.
 *
 * @param positives      known positives of query q
 * @param positiveScores score of query q's best positive, for the margin
 * @returns [Q, rankTo − rankFrom + 1], best first, −1 where there are fewer
 */
export function selectMined(
  { ids, scores, depth }: CandidateRankings,
  rules: MiningRules,
  positives: (query: number) => ReadonlySet<number> | undefined,
  positiveScores?: ArrayLike<number>,
  verdicts: MiningVerdicts = { notRelevant: () => undefined, suspects: () => undefined, unjudged: true },
): Int32Array {
  const { rankFrom, rankTo, margin } = rules;
  if (!(Number.isInteger(rankFrom) && Number.isInteger(rankTo) && rankFrom >= 1 && rankTo >= rankFrom))
    throw new UserError(`selectMined: ranks must be 1 ≤ rankFrom ≤ rankTo, got ${rankFrom} and ${rankTo}`);
  if (margin !== null && !positiveScores)
    throw new UserError("selectMined: a margin needs the positives' scores, got none");
  const width = rankTo - rankFrom + 1;
  const queries = ids.length / depth;
  const out = new Int32Array(queries * width).fill(-1);
  for (let q = 0; q < queries; q++) {
    const known = positives(q);
    const limit = margin === null ? Infinity : positiveScores![q]! - margin;
    const [refused, suspected] = [verdicts.notRelevant(q), verdicts.suspects(q)];
    let kept = 0;
    for (const id of refused ?? []) if (kept < width && !known?.has(id)) out[q * width + kept++] = id;
    if (!verdicts.unjudged) continue;
    for (let rank = rankFrom; rank <= Math.min(rankTo, depth) && kept < width; rank++) {
      const cell = q * depth + rank - 1;
      const id = ids[cell]!;
      if (id >= 0 && !known?.has(id) && !refused?.has(id) && !suspected?.has(id) && scores[cell]! <= limit)
        out[q * width + kept++] = id;
    }
  }
  return out;
}

/**
 * For each query of a batch, `perQuery` documents drawn without repeats from its mined ones; queries with fewer give what
 * they have, and none twice over the batch.
 *
 * @param mined [Q, width] of {@link selectMined}
 */
export function drawMined(
  mined: Int32Array,
  width: number,
  queryIds: ArrayLike<number>,
  perQuery: number,
  random: Random,
): Int32Array {
  const chosen = new Set<number>();
  for (let i = 0; i < queryIds.length; i++) {
    const start = queryIds[i]! * width;
    let count = 0;
    while (count < width && mined[start + count]! >= 0) count++;
    const order = Array.from({ length: count }, (_, k) => k);
    random.shuffle(order);
    for (const k of order.slice(0, perQuery)) chosen.add(mined[start + k]!);
  }
  return Int32Array.from(chosen);
}
