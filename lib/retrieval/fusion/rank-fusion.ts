import { UserError } from "../../files/user-error.js";
import type { SearchResult } from "../indexes/search-options.js";

/** One system's answer to one query, best first; ids of −1 are empty slots. */
export interface RankedList {
  ids: ArrayLike<number>;
  scores: ArrayLike<number>;
}

/** How rankings are made one. Weights: one per system, ≥ 0, not all 0; equal if left out. */
export type RankFusion =
  | {
      kind: "reciprocal-rank";
      /** Added to every rank; the larger, the less the first ranks stand out. Default 60. */
      constant?: number;
      weights?: readonly number[];
    }
  | { kind: "min-max"; weights?: readonly number[] }
  | { kind: "z-score"; weights?: readonly number[] }
  | { kind: "sum"; weights?: readonly number[] };

const fusionKinds: readonly RankFusion["kind"][] = ["reciprocal-rank", "min-max", "z-score", "sum"];

/**
 * Fuses the rankings of several systems for one query. A document's score is Σ over systems of wₛ · fₛ(document):
 *
 * - reciprocal-rank: 1 / (constant + rank), 0 where the system does not list it
 * - min-max: (score − lowest)/(highest − lowest) of the system's list; 1 for all if the list is constant; 0 if not listed
 * - z-score: (score − mean)/sd of the list; 0 for all if it is constant; the list's lowest if not listed
 * - sum: the score itself; the list's lowest if not listed
 *
 * Lists are what the systems returned: fuse lists longer than the k wanted. An empty list takes no part. Ties go to what
 * systems of more weight list (a list of one gives z-score and sum no other difference), then to the lower id.
 *
 * @returns at most k documents, best first
 * @see Cormack, Clarke & Büttcher 2009, doi:10.1145/1571941.1572114 (reciprocal rank fusion)
 */
export function fuse(
  lists: readonly RankedList[],
  fusion: RankFusion,
  k: number,
): { ids: Int32Array; scores: Float32Array } {
  if (!Number.isInteger(k) || k < 1) throw new UserError(`fuse: k must be a positive integer, got ${k}`);
  const weights = checkWeights(lists.length, fusion);
  return rankCandidates(tabulateCandidates(lists, fusion), weights, k);
}

/** What every system says of every document that one of them lists, before weights: what {@link fuse} adds up. */
export interface FusionCandidates {
  /** Each listed document once. */
  ids: readonly number[];
  /** [systems][ids]: fₛ(document) − otherwise[s] */
  parts: readonly Float64Array[];
  /** [systems]: fₛ of a document that the system does not list. */
  otherwise: readonly number[];
  /** [systems][ids]: whether the system lists the document. */
  listed: readonly Uint8Array[];
}

/** {@link fuse} up to the weights, for those who try many weights on the same lists. */
export function tabulateCandidates(lists: readonly RankedList[], fusion: RankFusion): FusionCandidates {
  const slots = new Map<number, number>();
  const systems = lists.map((list) => contributions(list, fusion));
  for (const { ids } of systems) for (const id of ids) if (!slots.has(id)) slots.set(id, slots.size);
  return {
    ids: [...slots.keys()],
    parts: systems.map(({ ids, parts, otherwise }) => {
      const row = new Float64Array(slots.size);
      ids.forEach((id, i) => {
        row[slots.get(id)!] = parts[i]! - otherwise;
      });
      return row;
    }),
    otherwise: systems.map(({ otherwise }) => otherwise),
    listed: systems.map(({ ids }) => {
      const row = new Uint8Array(slots.size);
      for (const id of ids) row[slots.get(id)!] = 1;
      return row;
    }),
  };
}

/** The best k of tabulated candidates under weights, one per system; ties as {@link fuse} says. */
export function rankCandidates(
  { ids, parts, otherwise, listed }: FusionCandidates,
  weights: readonly number[],
  k: number,
): { ids: Int32Array; scores: Float32Array } {
  const unlisted = otherwise.reduce((sum, value, s) => sum + weights[s]! * value, 0);
  const backing = (slot: number) => listed.reduce((sum, row, s) => sum + weights[s]! * row[slot]!, 0);
  const best = ids
    .map((id, i) => ({
      id,
      slot: i,
      score: parts.reduce((sum, row, s) => sum + weights[s]! * row[i]!, 0) + unlisted,
    }))
    .sort((x, y) => y.score - x.score || backing(y.slot) - backing(x.slot) || x.id - y.id)
    .slice(0, k);
  return {
    ids: Int32Array.from(best, ({ id }) => id),
    scores: Float32Array.from(best, ({ score }) => score),
  };
}

/**
 * {@link fuse} for many queries at once.
 *
 * @param results  per system [Q, kₛ], as searches return them
 * @returns [Q, k], −1 and −Infinity beyond what the systems found
 */
export function fuseResults(
  results: readonly SearchResult[],
  queryCount: number,
  fusion: RankFusion,
  k: number,
): SearchResult {
  for (const { ids } of results)
    if (queryCount === 0 ? ids.length > 0 : ids.length % queryCount !== 0)
      throw new UserError(
        `fuseResults: results must hold whole rows for ${queryCount} queries, got ${ids.length} ids`,
      );
  const fused = { ids: new Int32Array(queryCount * k).fill(-1), scores: new Float32Array(queryCount * k) };
  fused.scores.fill(-Infinity);
  for (let q = 0; q < queryCount; q++) {
    const lists = results.map(({ ids, scores }) => {
      const depth = ids.length / queryCount;
      return {
        ids: ids.subarray(q * depth, (q + 1) * depth),
        scores: scores.subarray(q * depth, (q + 1) * depth),
      };
    });
    const { ids, scores } = fuse(lists, fusion, k);
    fused.ids.set(ids, q * k);
    fused.scores.set(scores, q * k);
  }
  return fused;
}

function checkWeights(systems: number, fusion: RankFusion): readonly number[] {
  if (!fusionKinds.includes(fusion.kind))
    throw new UserError(`fuse: unknown fusion "${fusion.kind}"; known: ${fusionKinds.join(", ")}`);
  const weights = fusion.weights ?? new Array<number>(systems).fill(1 / systems);
  if (weights.length !== systems)
    throw new UserError(`fuse: weights must number ${systems}, one per system, got ${weights.length}`);
  if (!weights.every((w) => w >= 0 && w < Infinity) || !weights.some((w) => w > 0))
    throw new UserError(`fuse: weights must be ≥ 0 and not all 0, got ${weights.join(", ")}`);
  return weights;
}

/** What each listed document gets from a system, and what a document gets that is not listed. */
function contributions(
  list: RankedList,
  fusion: RankFusion,
): { ids: number[]; parts: number[]; otherwise: number } {
  const ids: number[] = [];
  const scores: number[] = [];
  const seen = new Set<number>();
  for (let i = 0; i < list.ids.length; i++) {
    const id = list.ids[i]!;
    if (id < 0 || seen.has(id)) continue;
    seen.add(id);
    ids.push(id);
    scores.push(list.scores[i]!);
  }
  if (ids.length === 0) return { ids, parts: [], otherwise: 0 };
  const lowest = scores.reduce((a, b) => Math.min(a, b));
  const highest = scores.reduce((a, b) => Math.max(a, b));
  switch (fusion.kind) {
    case "reciprocal-rank": {
      const constant = fusion.constant ?? 60;
      if (!(constant >= 0 && constant < Infinity))
        throw new UserError(`fuse: constant must be ≥ 0, got ${constant}`);
      return { ids, parts: ids.map((_, i) => 1 / (constant + i + 1)), otherwise: 0 };
    }
    case "min-max": {
      const span = highest - lowest;
      return { ids, parts: scores.map((s) => (span > 0 ? (s - lowest) / span : 1)), otherwise: 0 };
    }
    case "z-score": {
      const mean = scores.reduce((sum, s) => sum + s, 0) / scores.length;
      const sd = Math.sqrt(scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / scores.length);
      const z = (s: number): number => (highest > lowest ? (s - mean) / sd : 0);
      return { ids, parts: scores.map(z), otherwise: z(lowest) };
    }
    case "sum":
      return { ids, parts: scores, otherwise: lowest };
  }
}
