import { UMAP } from "umap-js";
import { UserError } from "../files/user-error.js";
import { nearest, squaredDistances } from "./neighbours.js";
import { principalPlane } from "./principal-plane.js";
import { trustworthiness } from "./trustworthiness.js";

export interface ProjectionOptions {
  /** Seeded generator; the same one gives the same map. */
  random: { next(): number };
  /** Neighbours that hold the layout together, the point itself included. Default: 15; half of the points, if fewer. */
  neighbours?: number;
  /** Least distance of points in the plane. */
  minDist?: number;
  /** Optimisation epochs; by default the library's choice for the number of points (500 … 200). */
  epochs?: number;
  /** More points than this are sampled down, because time grows with the square of their number. */
  maxPoints?: number;
  /** Called after every epoch. */
  onProgress?: (done: number, total: number) => void;
}

export interface Projection {
  /** Rows of the input that were projected, ascending. */
  rows: Int32Array;
  /** Coordinates, [rows.length, 2]. */
  coordinates: Float32Array;
  /** Share of neighbourhoods kept, see `trustworthiness`, at k = neighbours − 1. */
  trustworthiness: number;
  neighbours: number;
  /** One line that says how the map was made and how far to trust it. */
  statement: string;
}

/**
 * Projects embeddings to the plane with UMAP on cosine distance: exact neighbours, started from the principal plane,
 * seeded. Blocks the thread; `onProgress` is called between epochs.
 *
 * @param embeddings  [n, dim], any row lengths; not changed. Zero rows stay at the origin of the sphere
 * @throws RangeError if there are fewer than 2 · neighbours points, or values are not finite
 * @see McInnes, Healy & Melville 2018, arXiv:1802.03426
 */
export function projectEmbeddings(
  embeddings: Float32Array,
  dim: number,
  options: ProjectionOptions,
): Projection {
  const total = embeddings.length / dim;
  const { random, minDist = 0.1, maxPoints = 3000 } = options;
  const { neighbours = defaultNeighbours(Math.min(total, maxPoints)) } = options;
  if (total < 2 * neighbours)
    throw new UserError(
      `projectEmbeddings: needs at least ${2 * neighbours} points for ${neighbours} neighbours, got ${total}`,
    );
  const rows = sampleRows(total, maxPoints, random);
  const points = unitRows(embeddings, dim, rows);
  const { indices, distances } = neighbourLists(points, dim, neighbours);
  const epochs = options.epochs === undefined ? {} : { nEpochs: options.epochs };
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: neighbours,
    minDist,
    random: () => random.next(),
    ...epochs,
  });
  umap.setPrecomputedKNN(indices, distances);
  const steps = umap.initializeFit(
    indices.map((_, i) => Array.from(points.subarray(i * dim, (i + 1) * dim))),
  );
  startFrom(umap.getEmbedding(), principalPlane(points, dim));
  for (let step = 1; step <= steps; step++) {
    umap.step();
    options.onProgress?.(step, steps);
  }
  const coordinates = Float32Array.from(umap.getEmbedding().flat());
  const trust = trustworthiness(points, dim, coordinates, 2, neighbours - 1);
  const sampled =
    rows.length < total
      ? `${count(rows.length)} of ${count(total)} points, drawn at random`
      : `all ${count(total)} points`;
  const statement =
    `UMAP on cosine distance, ${sampled}, ${neighbours} neighbours, ${steps} epochs; trustworthiness ` +
    `${trust.toFixed(3)} at ${neighbours - 1} neighbours (1 = every neighbour seen here is one in the model's space).`;
  return { rows, coordinates, trustworthiness: trust, neighbours, statement };
}

function defaultNeighbours(points: number): number {
  return Math.max(2, Math.min(15, Math.floor(points / 2)));
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function sampleRows(total: number, limit: number, random: { next(): number }): Int32Array {
  const rows = Int32Array.from({ length: total }, (_, i) => i);
  if (total <= limit) return rows;
  for (let i = 0; i < limit; i++) {
    const j = i + Math.floor(random.next() * (total - i));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows.slice(0, limit).sort();
}

function unitRows(embeddings: Float32Array, dim: number, rows: Int32Array): Float32Array {
  const points = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    const values = embeddings.subarray(row * dim, (row + 1) * dim);
    const norm = Math.hypot(...values);
    if (!Number.isFinite(norm))
      throw new UserError(`projectEmbeddings: values must be finite, got a row ${row} that is not`);
    for (let d = 0; d < dim; d++) points[i * dim + d] = norm > 0 ? values[d]! / norm : 0;
  });
  return points;
}

/** For every point itself and its nearest others, k in all, with distances: the shape that umap-js takes. */
function neighbourLists(
  points: Float32Array,
  dim: number,
  k: number,
): { indices: number[][]; distances: number[][] } {
  const n = points.length / dim;
  const row = new Float64Array(n);
  const indices: number[][] = [];
  const distances: number[][] = [];
  for (let i = 0; i < n; i++) {
    squaredDistances(points, dim, i, row);
    const found = nearest(row, i, k - 1);
    indices.push([i, ...found]);
    distances.push([0, ...found.map((j) => Math.sqrt(row[j]!))]);
  }
  return { indices, distances };
}

/** Overwrites umap-js's random start; the arrays are the ones it optimises. */
function startFrom(embedding: number[][], plane: Float32Array): void {
  embedding.forEach((point, i) => {
    point[0] = plane[i * 2]!;
    point[1] = plane[i * 2 + 1]!;
  });
}
