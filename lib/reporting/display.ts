import { createRequire } from "node:module";
import { ownEntry } from "../files/own-entry.js";
import { packageFile } from "../files/package-files.js";
import { figurePicture } from "./cell-pictures.js";
import { escapeHtml, scriptJson } from "./escape.js";
import { FIGURE_CONFIG } from "./figures/figure-config.js";
import type { Figure } from "./figures/theme.js";
import { type Frame, frameTable, isFrame } from "./frames.js";
import { contentStyle, figureKeys } from "./html-page.js";
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

/**
 * Shows a figure under the cell, interactive and as a picture that any viewer of saved notebooks shows; a line of text
 * outside a notebook. The picture is drawn while the cell goes on and put into the output before the cell ends.
 */
export function showFigure(figure: Figure, title = "figure"): void {
  const id = `qdrl-figure-${process.pid}-${++figures}`;
  const { data, layout } = figure;
  const lines = data
    .filter((trace) => trace["showlegend"] !== false)
    .map((trace) => String(trace["name"] ?? trace["type"]));
  const bundle = (picture?: string): Bundle => ({
    "application/vnd.plotly.v1+json": { data, layout, config: FIGURE_CONFIG },
    "text/html": figureHtml(figure, id, picture === undefined ? undefined : { png: picture, title }),
    ...(picture && { "image/png": picture }),
    "text/plain": `[${title}: ${lines.join("; ")}]`,
  });
  const { __qdrlDisplay: launcher, __qdrlWaitFor: waitFor } = globalThis as Launcher;
  if (launcher === undefined || waitFor === undefined) {
    emit(bundle());
    return;
  }
  launcher(bundle(), { id });
  waitFor(
    figurePicture(figure).then((png) => {
      if (png) launcher(bundle(png.toString("base64")), { id, update: true });
    }),
  );
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

/** Shows HTML under the cell (inserted unescaped); the given text outside a notebook. */
export function showHtml(html: string, text: string): void {
  emit({ "text/html": scoped(html), "text/plain": text });
}

/**
 * Shows a whole page under the cell, scripts and all, in a frame of its own; outside a notebook its title.
 *
 * @param html    a page such as `mapPage` makes
 * @param height  of the frame, in pixels
 */
export function showPage(html: string, title: string, height = 980): void {
  const style = `width:100%;height:${height}px;border:0`;
  const frame = `<iframe srcdoc="${escapeHtml(html)}" title="${escapeHtml(title)}" style="${style}"></iframe>`;
  emit({ "text/html": frame, "text/plain": `[${title}]` });
}

/** An output under the cell that can be replaced: shows HTML first, then in the same place whatever it is called with. */
export function liveOutput(): (html: string, text: string) => void {
  const id = `qdrl-live-${process.pid}-${++figures}`;
  const { __qdrlDisplay: launcher } = globalThis as Launcher;
  const send = launcher ?? tslabDisplay();
  let update = false;
  return (html, text) => {
    send?.({ "text/html": scoped(html), "text/plain": text }, { id, update });
    update = true;
  };
}

/** Shows a sentence, such as the answer of a notebook, set apart. */
export function showAnswer(text: string): void {
  const style = "border-left:4px solid var(--q-accent);padding:6px 14px;font-size:17px;margin:4px 0";
  emit({ "text/html": scoped(`<p style="${style}">${escapeHtml(text)}</p>`), "text/plain": text });
}

/**
 * A figure as HTML for a notebook output: uses the page's `window.Plotly` (inlined in exported HTML), else loads it once
 * from the Jupyter server's own files; never from a network. A page that has neither shows the picture.
 */
export function figureHtml(figure: Figure, id: string, picture?: { png: string; title: string }): string {
  const call = scriptJson([figure.data, figure.layout, FIGURE_CONFIG]);
  const { height } = figure.layout as { height?: number };
  const image = picture
    ? `<img src="data:image/png;base64,${picture.png}" alt="${escapeHtml(picture.title)}" style="max-width:100%">`
    : "";
  return `<div id="${id}" class="qdrl-plot" style="width:100%">${image}</div>
<script>(() => {
const place = document.getElementById("${id}");
const draw = () => {
  place.replaceChildren();
  place.style.minHeight = "${height ?? 400}px";
  window.Plotly.newPlot(place, ...${call}).then(${figureKeys()});
};
if (window.Plotly) return draw();
const inJupyter = document.getElementById("jupyter-config-data") || document.body.dataset.baseUrl;
if (place.firstChild && !inJupyter) return;
const settings = JSON.parse(document.getElementById("jupyter-config-data")?.textContent || "{}");
const base = (document.body.dataset.baseUrl || settings.baseUrl || "/") + "files/node_modules/";
const load = (file) => new Promise((done, failed) => {
  const script = document.createElement("script");
  Object.assign(script, { src: base + file, onload: done, onerror: failed });
  document.head.append(script);
});
window.qdrlPlotly ??= load("plotly.js-dist/plotly.js");
window.qdrlPlotly.then(draw, () => {
  if (!place.firstChild) place.textContent = "plotly.js could not be loaded from the notebook server";
});
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

/** What the kernel's launcher offers: to show or replace an output by its id, and to hold the cell's end for it. */
interface Launcher {
  __qdrlDisplay?: (bundle: Bundle, options?: { id?: string; update?: boolean }) => void;
  __qdrlWaitFor?: (work: Promise<void>) => void;
}

/** The kernel's sender: the launcher's `globalThis.__qdrlDisplay`, or tslab's own if this process is a tslab kernel. */
function notebookSender(): ((bundle: Bundle) => void) | null {
  const launcher = (globalThis as Launcher).__qdrlDisplay;
  if (launcher !== undefined) return launcher;
  return tslabDisplay();
}

/** tslab's own sender; null outside its kernel. */
function tslabDisplay(): NonNullable<Launcher["__qdrlDisplay"]> | null {
  const require = createRequire(packageFile("package.json"));
  const write = loadedTslab(require)?.lastWriteDisplayData;
  if (!write) return null;
  return (data, { id, update = false } = {}) =>
    write({ data, metadata: {}, transient: id === undefined ? {} : { display_id: id } }, update);
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
