import path from "node:path";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { encodeEvaluation, type SearchVectors } from "../../evaluation/encode-evaluation.js";
import { makeFolder } from "../../files/make-folder.js";
import { recallLatency } from "../../reporting/figures/recall-latency.js";
import type { Figure } from "../../reporting/figures/theme.js";
import { plainTable, type Table } from "../../reporting/table.js";
import { type MeasuredIndex, measureIndexes } from "../../retrieval/indexes/measure-indexes.js";
import { trainedRun } from "./evidence-runs.js";
import { ensureEvidence, evidenceSets, smallEvidence } from "./evidence-sets.js";
import { embedSet } from "./pretrained-rankings.js";

/** Every kind of index over one collection of real embeddings. */
export interface IndexView {
  title: string;
  documents: number;
  dim: number;
  measured: MeasuredIndex[];
  table: Table;
  figure: Figure;
  answer: string;
}

const K = 10;
/** Recall from which an index counts as good enough in the answer. */
const GOOD = 0.99;

/**
 * Exhaustive search, HNSW and clusters over embeddings of trained encoders and of MiniLM, as far as their data are there.
 *
 * @param options.size     "small": 300 emoji, hundredths of a second each
 * @param options.seconds  spent on each figure
 */
export async function indexViews(options: {
  size: "full" | "small";
  seconds?: number;
  listener?: Listener;
}): Promise<IndexView[]> {
  const { size, seconds = 0.3, listener = defaultListener() } = options;
  const views: IndexView[] = [];
  for (const { title, vectors } of await collections(size, listener)) {
    const folder = path.join("reports/indexes", title.toLowerCase().replace(/[^a-z0-9]+/g, "-"));
    makeFolder(folder);
    const { documents, queries, dim } = vectors;
    const count = documents.length / dim;
    const measured = await measureIndexes(documents, queries, {
      ...{ dim, folder, k: K, seconds },
      onProgress: (done, total) => listener.progress?.({ task: title, done, total, unit: "settings" }),
    });
    const shown = `${title}, ${count.toLocaleString("en-US")} × ${dim}`;
    views.push({
      ...{ title: shown, documents: count, dim, measured },
      table: indexTable(shown, measured),
      figure: recallLatency(measured, K),
      answer: `${shown}: ${sentence(measured)}`,
    });
  }
  return views;
}

async function collections(
  size: "full" | "small",
  listener: Listener,
): Promise<{ title: string; vectors: SearchVectors }[]> {
  const found: { title: string; vectors: SearchVectors }[] = [];
  for (const set of size === "small" ? [smallEvidence] : evidenceSets) {
    if (!(await ensureEvidence(set, listener))) continue;
    const { dense } = set;
    if (dense.kind === "pretrained") {
      const vectors = await embedSet(set.dir, set.sets[0]!, dense.modelDir, set.documentText[0]!, listener);
      found.push({ title: `${set.name} abstracts by MiniLM`, vectors });
      continue;
    }
    const run = await trainedRun(set, dense.seeds[0]!, listener);
    found.push({ title: `${set.name} documents`, vectors: await encodeEvaluation(run.dir, { listener }) });
    if (set.obtain === null)
      found.push({
        title: `${set.name} training phrases`,
        vectors: await encodeEvaluation(run.dir, { against: "training queries", listener }),
      });
  }
  return found;
}

function indexTable(title: string, measured: readonly MeasuredIndex[]): Table {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const rows = measured.map((m) => [
    ...[m.index, m.setting, m.recall.toFixed(4), m.latencyMs.toFixed(3)],
    ...[Math.round(m.queriesPerSecond).toLocaleString("en-US"), m.buildSeconds.toFixed(2)],
    ...[megabytes(m.memoryBytes), megabytes(m.fileBytes)],
  ]);
  const labels = [
    "index",
    "setting",
    `recall@${K}`,
    "ms a query",
    "queries/s, together",
    "built in s",
    "MB in memory",
    "MB on disk",
  ];
  const table = plainTable(labels, rows, {
    title,
    notes: [
      `Recall@${K}: share of the exact ${K} nearest that are found. One thread; ms a query: median of queries asked alone. Memory of HNSW in float16 is estimated.`,
    ],
  });
  const columns = table.columns.map((column, c) => (c < 2 ? column : { ...column, align: "right" as const }));
  return { ...table, columns };
}

/** The fastest setting of each approximate index that finds nearly all, against exhaustive search. */
function sentence(measured: readonly MeasuredIndex[]): string {
  const exact = measured[0]!;
  const parts = ["HNSW", "HNSW, float16", "clusters"].map((name) => {
    const good = measured.filter(({ index, recall }) => index === name && recall >= GOOD);
    if (good.length === 0) return `${name} does not reach recall ${GOOD}`;
    const best = good.reduce((a, b) => (b.latencyMs < a.latencyMs ? b : a));
    return `${name} ${(exact.latencyMs / best.latencyMs).toFixed(1)} × as fast (${best.setting}, recall ${best.recall.toFixed(3)})`;
  });
  return `exhaustive search takes ${exact.latencyMs.toFixed(2)} ms a query; ${parts.join("; ")}.`;
}
