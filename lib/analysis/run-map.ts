import { defaultListener, type Listener } from "../engine/progress.js";
import { Random } from "../engine/random/random.js";
import { encodeRun } from "../evaluation/encode-run.js";
import { UserError } from "../files/user-error.js";
import { map } from "../reporting/figures/map.js";
import type { Figure } from "../reporting/figures/theme.js";
import type { RunFolder } from "../tracking/run-folder.js";
import { frequentCategories } from "./frequent-categories.js";
import { planeLayout } from "./live/map-layouts.js";
import { keptUmap } from "./maps/kept-umap.js";

const MAP_QUERIES = 400;
/** As many as colours and shapes tell apart. */
const MOST_CATEGORIES = 15;
/** Every point costs a figure about 100 bytes; more are laid out, and these drawn evenly from them. */
const MOST_DRAWN = 10_000;

const LAYOUTS = ["umap", "umap-js", "pca"] as const;
type Layout = (typeof LAYOUTS)[number];

/**
 * The map of a run's documents and up to 400 of its queries, and the line that says how far to trust it. The same run
 * gives the same map; its UMAP is kept in the run's folder `map/`.
 *
 * @param options.layout  "umap" (default), "umap-js", the same by that library, or "pca", the first two principal axes
 * @param options.categoryColumn  document column that colours it, categories beyond the 15 most frequent as one.
 *   Default: document_group, where documents have it, else document_category_id
 */
export async function runMap(
  run: RunFolder,
  options: { categoryColumn?: string; layout?: Layout; epochs?: number; listener?: Listener } = {},
): Promise<{ figure: Figure; statement: string }> {
  const {
    categoryColumn = ["document_group", "document_category_id"],
    layout = "umap",
    epochs,
    listener = defaultListener(),
  } = options;
  if (!LAYOUTS.includes(layout))
    throw new UserError(`runMap: layout must be one of ${LAYOUTS.join(", ")}, got ${String(layout)}`);
  const random = new Random(run.manifest().seed).fork("map");
  const embedded = await encodeRun(run.dir, { queries: MAP_QUERIES, random, categoryColumn });
  const { embeddings, dim } = embedded;
  const { coordinates, statement } =
    layout === "pca"
      ? planeLayout(embeddings, dim)
      : await keptUmap(run, embeddings, dim, {
          listener,
          layout: layout === "umap" ? "qdrl" : layout,
          ...(epochs === undefined ? {} : { epochs }),
        });
  const categories = frequentCategories(
    embedded.points.map(({ category }) => category),
    MOST_CATEGORIES,
  );
  const total = embedded.points.length;
  const count = Math.min(total, MOST_DRAWN);
  const drawn = Array.from({ length: count }, (_, i) => Math.floor((i * total) / count));
  const points = drawn.map((row) => ({
    ...embedded.points[row]!,
    category: categories[row]!,
    x: coordinates[2 * row]!,
    y: coordinates[2 * row + 1]!,
  }));
  const thousands = (value: number) => value.toLocaleString("en-US");
  const shown = count < total ? ` Drawn are ${thousands(count)} of ${thousands(total)} points.` : "";
  return { figure: map(points), statement: `${statement}${shown}` };
}
