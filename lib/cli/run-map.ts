import { Random } from "../engine/random.js";
import { map } from "../reporting/figures/map.js";
import type { Figure } from "../reporting/figures/theme.js";
import { projectEmbeddings } from "../reporting/umap.js";
import { embedRun } from "../training/embed-run.js";
import { type Listener, throttled } from "../training/progress.js";
import type { RunFolder } from "../training/run-folder.js";

const MAP_QUERIES = 400;

/**
 * The map of a run's documents and up to 400 of its queries, and the line that says how far to trust it. The same run
 * gives the same map.
 *
 * @param options.categoryColumn  document column that colours it
 */
export async function runMap(
  run: RunFolder,
  options: { categoryColumn: string; epochs?: number; listener?: Listener },
): Promise<{ figure: Figure; statement: string }> {
  const { categoryColumn, epochs, listener = {} } = options;
  const random = new Random(run.manifest().seed).fork("map");
  const embedded = await embedRun(run.dir, { queries: MAP_QUERIES, random, categoryColumn });
  const report = throttled(listener);
  const projection = projectEmbeddings(embedded.embeddings, embedded.dim, {
    random,
    ...(epochs === undefined ? {} : { epochs }),
    onProgress: (done, total) => report({ task: "map", done, total, unit: "epochs" }),
  });
  const points = Array.from(projection.rows, (row, i) => ({
    ...embedded.points[row]!,
    x: projection.coordinates[2 * i]!,
    y: projection.coordinates[2 * i + 1]!,
  }));
  return { figure: map(points), statement: projection.statement };
}
