import type { Listener } from "../../engine/progress.js";
import { normalizedRows } from "../../retrieval/indexes/unit-rows.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { keptUmap } from "../maps/kept-umap.js";
import { principalPlane } from "../maps/principal-plane.js";
import { trustworthiness } from "../maps/trustworthiness.js";

/** A way to lay points out in the plane. */
export interface MapLayout {
  name: string;
  /** [points, 2] */
  coordinates: Float32Array;
  statement: string;
}

/** Points whose neighbourhoods trustworthiness of the principal plane is measured on. */
const TRUSTED_POINTS = 500;
const TRUST_NEIGHBOURS = 14;

/**
 * UMAP, kept with the run (see `keptUmap`), and the principal plane of a run's points.
 *
 * @param points  [n, dim] embeddings, in any lengths
 */
export async function mapLayouts(
  run: RunFolder,
  points: Float32Array,
  dim: number,
  listener: Listener,
): Promise<MapLayout[]> {
  return [
    { name: "UMAP", ...(await keptUmap(run, points, dim, { listener })) },
    { name: "PCA", ...planeLayout(points, dim) },
  ];
}

/** The principal plane of the unit embeddings, and how far to trust it. */
export function planeLayout(
  points: Float32Array,
  dim: number,
): { coordinates: Float32Array; statement: string } {
  const unit = normalizedRows(points, dim);
  const coordinates = principalPlane(unit, dim);
  return { coordinates, statement: planeLine(unit, dim, coordinates) };
}

function planeLine(unit: Float32Array, dim: number, plane: Float32Array): string {
  const total = unit.length / dim;
  const k = Math.min(TRUST_NEIGHBOURS, Math.ceil(total / 2) - 1);
  if (k < 1) return "The first two principal axes.";
  const count = Math.min(total, TRUSTED_POINTS);
  const rows = Int32Array.from({ length: count }, (_, i) => Math.floor((i * total) / count));
  const trust = trustworthiness(unit, dim, plane, k, rows);
  const over = count < total ? ` over ${count.toLocaleString("en")} points` : "";
  return `The first two principal axes of the unit embeddings; trustworthiness ${trust.toFixed(3)} at ${k} neighbours${over}.`;
}
