import type { NearestPoints } from "./nearest-points.js";

const TOLERANCE = 1e-5;
const MOST_HALVINGS = 64;
/** A scale at least, of the mean distance. */
const LEAST_SCALE = 1e-3;

/** Edges both ways, by head. */
export interface FuzzyGraph {
  heads: Int32Array;
  tails: Int32Array;
  /** Membership strength in (0, 1] */
  weights: Float32Array;
}

/**
 * UMAP's fuzzy union of the points' neighbourhoods. A point i holds its neighbour j with v_ij = exp(−max(0, d_ij − ρ_i) / σ_i),
 * ρ_i the least distance above 0, σ_i such that Σ_j v_ij = log2(width + 1); the union is v_ij + v_ji − v_ij v_ji. Those
 * of umap-js and umap-learn with local_connectivity 1 and set_op_mix_ratio 1, in typed arrays.
 *
 * @see McInnes, Healy & Melville 2018, arXiv:1802.03426, algorithms 2 and 3
 */
export function fuzzyGraph(nearest: NearestPoints): FuzzyGraph {
  const { ids, width } = nearest;
  const n = ids.length / width;
  const held = memberships(nearest);
  // first the edges that others hold and the point itself does not, counted by head
  const strangers: number[] = [];
  const counts = new Int32Array(n + 1);
  for (let at = 0; at < ids.length; at++) {
    const tail = ids[at]!;
    if (tail < 0 || held[at] === 0) continue;
    const head = Math.floor(at / width);
    counts[head + 1]!++;
    if (slotOf(ids, width, tail, head) >= 0) continue;
    counts[tail + 1]!++;
    strangers.push(at);
  }
  for (let i = 0; i < n; i++) counts[i + 1]! += counts[i]!;
  const edges = counts[n]!;
  const graph: FuzzyGraph = {
    heads: new Int32Array(edges),
    tails: new Int32Array(edges),
    weights: new Float32Array(edges),
  };
  const put = (head: number, tail: number, weight: number): void => {
    const at = counts[head]!++;
    graph.heads[at] = head;
    graph.tails[at] = tail;
    graph.weights[at] = weight;
  };
  for (let at = 0; at < ids.length; at++) {
    const tail = ids[at]!;
    if (tail < 0 || held[at] === 0) continue;
    const head = Math.floor(at / width);
    const back = slotOf(ids, width, tail, head);
    const other = back < 0 ? 0 : held[back]!;
    put(head, tail, held[at]! + other - held[at]! * other);
  }
  for (const at of strangers) put(ids[at]!, Math.floor(at / width), held[at]!);
  return graph;
}

/** Place of `sought` among the neighbours of `of`, or −1. */
function slotOf(ids: Int32Array, width: number, of: number, sought: number): number {
  for (let at = of * width; at < (of + 1) * width; at++) if (ids[at] === sought) return at;
  return -1;
}

/** [n, width] v_ij; 0 where there is no neighbour. */
function memberships({ ids, distances, width }: NearestPoints): Float64Array {
  const n = ids.length / width;
  const target = Math.log2(width + 1);
  const held = new Float64Array(ids.length);
  let sum = 0;
  let found = 0;
  for (let at = 0; at < ids.length; at++)
    if (ids[at]! >= 0) {
      sum += distances[at]!;
      found++;
    }
  // the point itself, at distance 0, counts among the neighbours in means
  const overall = sum / (found + n);
  for (let i = 0; i < n; i++) {
    const own: number[] = [];
    for (let at = i * width; at < (i + 1) * width; at++) if (ids[at]! >= 0) own.push(distances[at]!);
    const rho = own.find((distance) => distance > 0) ?? 0;
    const mean = own.reduce((total, distance) => total + distance, 0) / (own.length + 1);
    const sigma = Math.max(scaleOf(own, rho, target), LEAST_SCALE * (rho > 0 ? mean : overall));
    for (let at = i * width; at < (i + 1) * width; at++)
      if (ids[at]! >= 0) held[at] = Math.exp(-Math.max(0, distances[at]! - rho) / sigma);
  }
  return held;
}

/** The σ at which Σ exp(−max(0, d − ρ) / σ) is the target, by halving. */
function scaleOf(distances: readonly number[], rho: number, target: number): number {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let scale = 1;
  for (let step = 0; step < MOST_HALVINGS; step++) {
    let sum = 0;
    for (const distance of distances) sum += distance > rho ? Math.exp((rho - distance) / scale) : 1;
    if (Math.abs(sum - target) < TOLERANCE) break;
    if (sum > target) high = scale;
    else low = scale;
    scale = high === Number.POSITIVE_INFINITY ? 2 * scale : (low + high) / 2;
  }
  return scale;
}
