import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { Listener } from "../../engine/progress.js";
import { throttled } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { readSealedJson, writeSealedJson } from "../../files/sealed-text.js";
import { principalPlane } from "../../reporting/principal-plane.js";
import { trustworthiness } from "../../reporting/trustworthiness.js";
import { projectEmbeddings } from "../../reporting/umap.js";
import { exactSearch } from "../../retrieval/indexes/exact-search.js";
import { normalizedRows } from "../../retrieval/indexes/unit-rows.js";
import type { RunFolder } from "../../tracking/run-folder.js";

/** A way to lay points out in the plane. */
export interface MapLayout {
  name: string;
  /** [points, 2] */
  coordinates: Float32Array;
  statement: string;
}

/** Points whose distances trustworthiness of the principal plane is measured on. */
const TRUSTED_POINTS = 2000;
const TRUST_NEIGHBOURS = 14;
/** Placed points that a point outside the layout's sample is put among. */
const PLACED_BY = 5;
const FORMAT = 1;

/**
 * UMAP and the principal plane of a run's points. UMAP is computed once and kept in the run's folder `map/` for the weights
 * and points it was made of; it is seeded, so the same run gives the same map.
 *
 * @param points  [n, dim] embeddings, in any lengths
 */
export function mapLayouts(
  run: RunFolder,
  points: Float32Array,
  dim: number,
  listener: Listener,
): MapLayout[] {
  const unit = normalizedRows(points, dim);
  const plane = principalPlane(unit, dim);
  return [
    keptUmap(run, unit, dim, listener),
    { name: "PCA", coordinates: plane, statement: planeLine(unit, dim, plane) },
  ];
}

interface KeptLayout {
  format: number;
  key: string;
  statement: string;
  /** base64 of float32 [n, 2] */
  coordinates: string;
}

function keptUmap(run: RunFolder, unit: Float32Array, dim: number, listener: Listener): MapLayout {
  const key = createHash("sha256").update(new Uint8Array(unit.buffer)).digest("hex");
  const file = path.join(run.dir, "map", "umap.json");
  if (fs.existsSync(file)) {
    const kept = readSealedJson<KeptLayout>(file);
    if (kept.format === FORMAT && kept.key === key) {
      const bytes = new Uint8Array(Buffer.from(kept.coordinates, "base64"));
      return { name: "UMAP", coordinates: new Float32Array(bytes.buffer), statement: kept.statement };
    }
  }
  const report = throttled(listener);
  const projection = projectEmbeddings(unit, dim, {
    random: new Random(run.manifest().seed).fork("map"),
    onProgress: (done, total) => report({ task: "map", done, total, unit: "epochs" }),
  });
  const coordinates = placeAll(unit, dim, projection.rows, projection.coordinates);
  const others = unit.length / dim - projection.rows.length;
  const statement =
    others === 0
      ? projection.statement
      : `${projection.statement} The other ${others.toLocaleString("en")} lie among their ${PLACED_BY} nearest neighbours of these.`;
  const kept: KeptLayout = {
    ...{ format: FORMAT, key, statement },
    coordinates: Buffer.from(coordinates.buffer).toString("base64"),
  };
  writeSealedJson(file, kept);
  return { name: "UMAP", coordinates, statement };
}

/** Coordinates of all points: those laid out as they are, each other at the mean of its nearest ones among them. */
export function placeAll(
  unit: Float32Array,
  dim: number,
  rows: Int32Array,
  coordinates: Float32Array,
): Float32Array {
  const total = unit.length / dim;
  const out = new Float32Array(total * 2).fill(Number.NaN);
  const placed = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    out.set(coordinates.subarray(2 * i, 2 * i + 2), 2 * row);
    placed.set(unit.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  const rest: number[] = [];
  for (let row = 0; row < total; row++) if (Number.isNaN(out[2 * row]!)) rest.push(row);
  if (rest.length === 0) return out;
  const queries = new Float32Array(rest.length * dim);
  rest.forEach((row, i) => {
    queries.set(unit.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  const k = Math.min(PLACED_BY, rows.length);
  const { ids } = exactSearch({ documents: placed, dim, queries, k });
  rest.forEach((row, i) => {
    for (const axis of [0, 1]) {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += coordinates[2 * ids[i * k + j]! + axis]!;
      out[2 * row + axis] = sum / k;
    }
  });
  return out;
}

function planeLine(unit: Float32Array, dim: number, plane: Float32Array): string {
  const total = unit.length / dim;
  const count = Math.min(total, TRUSTED_POINTS);
  const sample = new Float32Array(count * dim);
  const low = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const row = Math.floor((i * total) / count);
    sample.set(unit.subarray(row * dim, (row + 1) * dim), i * dim);
    low.set(plane.subarray(2 * row, 2 * row + 2), i * 2);
  }
  const k = Math.min(TRUST_NEIGHBOURS, Math.ceil(count / 2) - 1);
  if (k < 1) return "The first two principal axes.";
  const trust = trustworthiness(sample, dim, low, 2, k);
  const of = count < total ? ` of ${count.toLocaleString("en")} points` : "";
  return `The first two principal axes of the unit embeddings; trustworthiness${of} ${trust.toFixed(3)} at ${k} neighbours.`;
}
