import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { defaultListener, type Listener, throttled } from "../../engine/progress.js";
import { Random } from "../../engine/random/random.js";
import { readSealedJson, writeSealedJson } from "../../files/sealed-text.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { projectEmbeddings } from "./umap.js";

interface KeptLayout {
  format: number;
  key: string;
  statement: string;
  /** base64 of float32 [n, 2] */
  coordinates: string;
}

/** Counts changes of how maps are made; layouts of another are made anew. */
const FORMAT = 2;

/**
 * UMAP of a run's points, computed once and kept in the run's folder `map/` under the hash of the points and epochs it was
 * made of. Seeded by the run: the same run gives the same map.
 *
 * @param points  [n, dim] embeddings, in any lengths
 */
export async function keptUmap(
  run: RunFolder,
  points: Float32Array,
  dim: number,
  options: { epochs?: number; layout?: "qdrl" | "umap-js"; listener?: Listener } = {},
): Promise<{ coordinates: Float32Array; statement: string }> {
  const { epochs, layout = "qdrl", listener = defaultListener() } = options;
  const made = layout === "qdrl" ? "" : ` ${layout}`;
  const key = createHash("sha256")
    .update(`${dim} ${epochs ?? "default"}${made}\n`)
    .update(new Uint8Array(points.buffer, points.byteOffset, points.byteLength))
    .digest("hex");
  const file = path.join(run.dir, "map", `umap-${key.slice(0, 16)}.json`);
  if (fs.existsSync(file)) {
    const kept = readSealedJson<KeptLayout>(file);
    if (kept.format === FORMAT && kept.key === key) {
      const bytes = new Uint8Array(Buffer.from(kept.coordinates, "base64"));
      return { coordinates: new Float32Array(bytes.buffer), statement: kept.statement };
    }
  }
  const report = throttled(listener);
  const { coordinates, statement } = await projectEmbeddings(points, dim, {
    random: new Random(run.manifest().seed).fork("map"),
    layout,
    ...(epochs === undefined ? {} : { epochs }),
    onProgress: (done, total) => report({ task: "map", done, total, unit: "epochs" }),
  });
  const { buffer, byteOffset, byteLength } = coordinates;
  const encoded = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  writeSealedJson(file, { format: FORMAT, key, statement, coordinates: encoded } satisfies KeptLayout);
  return { coordinates, statement };
}
