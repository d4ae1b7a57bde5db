import { UserError } from "../../files/user-error.js";
import { normalizedRows } from "../../retrieval/indexes/unit-rows.js";
import { fuzzyGraph } from "./fuzzy-graph.js";
import { layOut } from "./layout.js";
import { nearestPoints } from "./nearest-points.js";
import { PLACED_BY, placeAmong, takeRows } from "./place-among.js";
import { principalPlane } from "./principal-plane.js";
import { trustworthiness } from "./trustworthiness.js";
import { umapJsLayout } from "./umap-js-layout.js";

export interface ProjectionOptions {
  /** Seeded generator; the same one gives the same map. */
  random: { next(): number };
  /** Neighbours that hold the layout together, the point itself included. Default: 15; half of the points, if fewer. */
  neighbours?: number;
  /** Least distance of points in the plane. */
  minDist?: number;
  /** Optimisation epochs; by default umap-learn's: 500 up to 10,000 points, 200 beyond. */
  epochs?: number;
  /** Of more points than this as many are laid out, drawn at random, and the others placed among them. Default 50,000. */
  maxPoints?: number;
  /** Whose graph and layout: the project's (default), or the library umap-js', slower, to hold a map against. */
  layout?: "qdrl" | "umap-js";
  /** Threads that search neighbours; the map does not depend on them. Default: as many as cores. */
  threads?: number;
  /** Called after every epoch. */
  onProgress?: (done: number, total: number) => void;
}

export interface Projection {
  /** Coordinates of all points, [n, 2] */
  coordinates: Float32Array;
  /** Share of neighbourhoods kept, see `trustworthiness`, at k = neighbours − 1: over all points, or a sample of the laid out ones. */
  trustworthiness: number;
  neighbours: number;
  /** One line that says how the map was made and how far to trust it. */
  statement: string;
}

/** Points whose neighbourhoods trustworthiness is measured on. */
const LOOKED_AT = 500;
/** Deviation at the start, so that equal points part; the plane is 20 wide. */
const JITTER = 1e-4;

/**
 * Projects embeddings to the plane with UMAP on cosine distance, started from the principal plane, seeded: neighbours of the
 * project's own indexes (see `nearestPoints`), fuzzy graph and layout as umap-learn's. Blocks the thread but for the search;
 * `onProgress` is called between epochs.
 *
 * @param embeddings  [n, dim], any row lengths; not changed. Zero rows stay at the origin of the sphere
 * @throws RangeError if there are fewer than 2 · neighbours points, or values are not finite
 * @see McInnes, Healy & Melville 2018, arXiv:1802.03426
 */
export async function projectEmbeddings(
  embeddings: Float32Array,
  dim: number,
  options: ProjectionOptions,
): Promise<Projection> {
  const total = embeddings.length / dim;
  const { random, minDist = 0.1, maxPoints = 50_000, threads, onProgress, layout = "qdrl" } = options;
  const { neighbours = defaultNeighbours(Math.min(total, maxPoints)) } = options;
  if (total < 2 * neighbours)
    throw new UserError(
      `projectEmbeddings: needs at least ${2 * neighbours} points for ${neighbours} neighbours, got ${total}`,
    );
  const broken = embeddings.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0)
    throw new UserError(
      `projectEmbeddings: values must be finite, got a row ${Math.floor(broken / dim)} that is not`,
    );
  const unit = normalizedRows(embeddings, dim);
  const rows = sampleRows(total, maxPoints, random);
  const points = rows.length === total ? unit : takeRows(unit, dim, rows);
  const nearest = await nearestPoints(points, dim, neighbours - 1, threads === undefined ? {} : { threads });
  const { epochs = rows.length <= 10_000 ? 500 : 200 } = options;
  const layoutOptions = { epochs, minDist, random, onProgress };
  const start = () => principalPlane(points, dim).map((value) => value + JITTER * (random.next() - 0.5));
  const laidOut =
    layout === "umap-js"
      ? umapJsLayout(nearest, layoutOptions)
      : layOut(fuzzyGraph(nearest), start(), layoutOptions);
  const looked = sampleRows(rows.length, LOOKED_AT, random);
  const trust = trustworthiness(points, dim, laidOut, neighbours - 1, looked);
  const among = rows.length < total ? `${count(rows.length)} of ` : "all ";
  const how =
    `UMAP${layout === "umap-js" ? " (umap-js)" : ""} on cosine distance, ${among}${count(total)} points${rows.length < total ? ", drawn at random" : ""}, ` +
    `${neighbours} neighbours${nearest.exact ? "" : " (approximate)"}, ${epochs} epochs; trustworthiness `;
  const over = looked.length < rows.length ? ` over ${count(looked.length)} of them` : "";
  const others = total - rows.length;
  const placed =
    others === 0
      ? ""
      : ` The other ${count(others)} lie among their ${PLACED_BY} nearest neighbours of these.`;
  const statement = `${how}${trust.toFixed(3)} at ${neighbours - 1} neighbours${over} (1 = every neighbour seen here is one in the model's space).${placed}`;
  const coordinates = others === 0 ? laidOut : await placeAmong(unit, dim, rows, laidOut);
  return { coordinates, trustworthiness: trust, neighbours, statement };
}

function defaultNeighbours(points: number): number {
  return Math.max(2, Math.min(15, Math.floor(points / 2)));
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `limit` of the rows 0 … total − 1 drawn at random, ascending; all, where there are no more. */
function sampleRows(total: number, limit: number, random: { next(): number }): Int32Array {
  const rows = Int32Array.from({ length: total }, (_, i) => i);
  if (total <= limit) return rows;
  for (let i = 0; i < limit; i++) {
    const j = i + Math.floor(random.next() * (total - i));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows.slice(0, limit).sort();
}
