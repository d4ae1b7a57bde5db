import fs from "node:fs";
import { Random } from "../engine/random/random.js";
import { encodeRun } from "../evaluation/encode-run.js";
import { writeProjector } from "../tracking/projector.js";
import { openRun } from "../tracking/run-folder.js";

/** Writes the projector's folder; returns the number of points. Drawn without replacement, seeded by the run. */
export async function exportProjector(
  dir: string,
  output: string,
  options: { documents: number; queries: number; category: string },
): Promise<number> {
  const random = new Random(openRun(dir).manifest().seed).fork("projector");
  const { embeddings, dim, points } = await encodeRun(dir, {
    queries: options.queries,
    random,
    categoryColumn: options.category,
  });
  const documents = points.flatMap((point, row) => (point.kind === "document" ? [row] : []));
  const chosen = new Set(random.shuffle(documents).slice(0, options.documents));
  const rows = points.flatMap((point, row) => (point.kind === "query" || chosen.has(row) ? [row] : []));
  const vectors = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries())
    vectors.set(embeddings.subarray(row * dim, (row + 1) * dim), i * dim);
  const files = rows
    .map((row) => points[row]!.pictureFile)
    .map((file) => (file !== undefined && fs.existsSync(file) ? file : null));
  await writeProjector(
    output,
    {
      vectors,
      dim,
      labels: {
        name: rows.map((row) => points[row]!.label),
        kind: rows.map((row) => points[row]!.kind),
        category: rows.map((row) => points[row]!.category),
      },
    },
    { pictures: files.some((file) => file !== null) ? files : null },
  );
  return rows.length;
}
