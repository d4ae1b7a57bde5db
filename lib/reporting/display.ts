import { createRequire } from "node:module";
import { ownEntry } from "../files/own-entry.js";
import { packageFile } from "../files/package-files.js";
import { escapeHtml, scriptJson } from "./escape.js";
import type { Figure } from "./figures/theme.js";
import { type Frame, frameTable, isFrame } from "./frames.js";
import { contentStyle } from "./html-page.js";
import { type QueryRankings, rankingsHtml } from "./rankings-html.js";
import type { ResultsTable } from "./results-table.js";
import { resultsView } from "./results-table-view.js";
import type { Table } from "./table.js";
import { tableHtml } from "./table-html.js";
import { tableMarkdown } from "./table-markdown.js";
import { tableTerminal } from "./table-terminal.js";

/** One output of a notebook cell: MIME type → content. */
export type Bundle = Record<string, unknown>;

let figures = 0;

/** Shows an interactive figure under the cell; a line of text outside a notebook. */
export function showFigure(figure: Figure, title = "figure"): void {
  const id = `qdrl-figure-${process.pid}-${++figures}`;
  const { data, layout } = figure;
  const lines = data
    .filter((trace) => trace["showlegend"] !== false)
    .map((trace) => String(trace["name"] ?? trace["type"]));
  emit({
    "application/vnd.plotly.v1+json": { data, layout },
    "text/html": figureHtml(figure, id),
    "text/plain": `[${title}: ${lines.join("; ")}]`,
  });
}

/** Shows a table, the results table or a data frame under the cell; as aligned text outside a notebook. */
export function showTable(table: Table | ResultsTable | Frame): void {
  const view = isFrame(table) ? frameTable(table) : "metrics" in table ? resultsView(table) : table;
  emit({
    "text/html": scoped(tableHtml(view)),
    "text/markdown": tableMarkdown(view),
    "text/plain": tableTerminal(view),
  });
}

/** Shows rankings with pictures under the cell; as a list outside a notebook. */
export function showRankings(rankings: readonly QueryRankings[]): void {
  const lines = rankings.flatMap(({ query, lists }) => [
    `“${query}”`,
    ...lists.map(({ system, documents }) => {
      const names = documents.map((document) => (document.relevant ? "✓ " : "") + document.name);
      return `  ${system}: ${names.length === 0 ? "nothing found" : names.join(", ")}`;
    }),
  ]);
  emit({ "text/html": scoped(rankingsHtml(rankings)), "text/plain": lines.join("\n") });
}

/** Shows HTML under the cell (taken as it is); the given text outside a notebook. */
export function showHtml(html: string, text: string): void {
  emit({ "text/html": scoped(html), "text/plain": text });
}

/** Shows a sentence, such as the answer of a notebook, set apart. */
export function showAnswer(text: string): void {
  const style = "border-left:4px solid var(--q-accent);padding:6px 14px;font-size:17px;margin:4px 0";
  emit({ "text/html": scoped(`<p style="${style}">${escapeHtml(text)}</p>`), "text/plain": text });
}

/**
 * A figure as HTML for a notebook output: uses the page's `window.Plotly` (inlined in exported HTML), else loads it once
 * from the Jupyter server's own files; never from a network.
 */
export function figureHtml(figure: Figure, id: string): string {
  const config = { responsive: true, displaylogo: false };
  const call = scriptJson([figure.data, figure.layout, config]);
  const { height } = figure.layout as { height?: number };
  return `<div id="${id}" class="qdrl-plot" style="width:100%;min-height:${height ?? 400}px"></div>
<script>(() => {
const place = document.getElementById("${id}");
const draw = () => window.Plotly.newPlot(place, ...${call});
if (window.Plotly) return draw();
const settings = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
const base = (document.body.dataset.baseUrl || settings.baseUrl || "/") + "files/node_modules/";
const load = (file) => new Promise((done, failed) => {
  const script = document.createElement("script");
  Object.assign(script, { src: base + file, onload: done, onerror: failed });
  document.head.append(script);
});
window.qdrlPlotly ??= load("plotly.js-dist/plotly.js");
window.qdrlPlotly.then(draw, () => { place.textContent = "plotly.js could not be loaded from the notebook server"; });
})()</script>`;
}

/**
 * What the kernel asks with the value of a cell's last expression: a table, the results table or a data frame is shown
 * as a table, anything else is left to the kernel.
 */
function showValue(value: unknown): boolean {
  if (!isFrame(value) && !isTable(value)) return false;
  showTable(value);
  return true;
}
(globalThis as { __qdrlShowValue?: typeof showValue }).__qdrlShowValue = showValue;

function isTable(value: unknown): value is Table | ResultsTable {
  if (typeof value !== "object" || value === null || !("rows" in value) || !Array.isArray(value.rows))
    return false;
  return ("columns" in value && Array.isArray(value.columns)) || "metrics" in value;
}

function scoped(html: string): string {
  return `<style>${contentStyle()}</style><div class="qdrl">${html}</div>`;
}

/** Whether what is shown appears under a notebook's cell. */
export function isNotebook(): boolean {
  return notebookSender() !== null;
}

function emit(bundle: Bundle): void {
  const send = notebookSender();
  if (send === null) console.log(bundle["text/plain"]);
  else send(bundle);
}

/** The kernel's sender: the launcher's `globalThis.__qdrlDisplay`, or tslab's own if this process is a tslab kernel. */
function notebookSender(): ((bundle: Bundle) => void) | null {
  const launcher = (globalThis as { __qdrlDisplay?: (bundle: Bundle) => void }).__qdrlDisplay;
  if (launcher !== undefined) return launcher;
  const require = createRequire(packageFile("package.json"));
  const write = loadedTslab(require)?.lastWriteDisplayData;
  if (!write) return null;
  return (data) => write({ data, metadata: {}, transient: {} }, false);
}

interface TslabJupyter {
  lastWriteDisplayData: ((content: object, update: boolean) => void) | null;
}

/** tslab's display module, only if something has loaded it already. */
function loadedTslab(require: NodeJS.Require): TslabJupyter | undefined {
  try {
    return ownEntry(require.cache, require.resolve("tslab/dist/jupyter"))?.exports as
      | TslabJupyter
      | undefined;
  } catch {
    return undefined;
  }
}
