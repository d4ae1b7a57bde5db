import { defaultListener, type Listener, throttled } from "../engine/progress.js";
import { Random } from "../engine/random/random.js";
import { encodeRun } from "../evaluation/encode-run.js";
import { map } from "../reporting/figures/map.js";
import type { Figure } from "../reporting/figures/theme.js";
import { projectEmbeddings } from "../reporting/umap.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { frequentCategories } from "./frequent-categories.js";

const MAP_QUERIES = 400;
/** As many as colours and shapes tell apart. */
const MOST_CATEGORIES = 15;

/**
 * The map of a run's documents and up to 400 of its queries, and the line that says how far to trust it. The same run
 * gives the same map.
 *
 * @param options.categoryColumn  document column that colours it, categories beyond the 15 most frequent as one.
 *   Default: document_group, where documents have it, else document_category_id
 */
export async function runMap(
  run: RunFolder,
  options: { categoryColumn?: string; epochs?: number; listener?: Listener } = {},
): Promise<{ figure: Figure; statement: string }> {
  const {
    categoryColumn = ["document_group", "document_category_id"],
    epochs,
    listener = defaultListener(),
  } = options;
  const random = new Random(run.manifest().seed).fork("map");
  const embedded = await encodeRun(run.dir, { queries: MAP_QUERIES, random, categoryColumn });
  const report = throttled(listener);
  const projection = projectEmbeddings(embedded.embeddings, embedded.dim, {
    random,
    ...(epochs === undefined ? {} : { epochs }),
    onProgress: (done, total) => report({ task: "map", done, total, unit: "epochs" }),
  });
  const categories = frequentCategories(
    embedded.points.map(({ category }) => category),
    MOST_CATEGORIES,
  );
  const points = Array.from(projection.rows, (row, i) => ({
    ...embedded.points[row]!,
    category: categories[row]!,
    x: projection.coordinates[2 * i]!,
    y: projection.coordinates[2 * i + 1]!,
  }));
  return { figure: map(points), statement: projection.statement };
}
