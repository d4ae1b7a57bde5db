import { escapeHtml, htmlId, scriptJson } from "./escape.js";
import { FIGURE_CONFIG } from "./figures/figure-config.js";
import type { Figure } from "./figures/theme.js";
import { anchorRuns } from "./link-runs.js";
import { type QueryRankings, rankingsHtml } from "./rankings-html.js";
import type { ResultsTable } from "./results-table.js";
import { resultsHtml } from "./results-table-view.js";
import { type RunsData, runsBlockHtml } from "./runs-block.js";
import type { Table } from "./table.js";
import { tableHtml } from "./table-html.js";

/** One piece of a report page. All texts are plain and escaped, but for `html`, which is inserted unescaped. */
export type Block =
  | { kind: "text"; text: string }
  | { kind: "heading"; text: string }
  | { kind: "results"; results: ResultsTable }
  | { kind: "table"; table: Table }
  | { kind: "figure"; figure: Figure; title: string; caption?: string }
  | { kind: "rankings"; rankings: readonly QueryRankings[] }
  | { kind: "code"; text: string }
  | { kind: "columns"; blocks: readonly Block[] }
  | { kind: "details"; summary: string; blocks: readonly Block[] }
  | { kind: "live"; part: LivePart }
  | { kind: "runs"; runs: RunsData }
  | { kind: "html"; html: string };

/** Parts of a page that its script brings to life; see ReportPage.live. */
export type LivePart = "search" | "map" | "queries";

/** Counts the figures of a page, for their ids. */
export interface BlockContext {
  figures: number;
  /** whether a list of runs is among them */
  runs?: boolean;
}

/** A block as HTML. */
function blockHtml(block: Block, context: BlockContext): string {
  switch (block.kind) {
    case "text":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "heading":
      return `<h3>${escapeHtml(block.text)}</h3>`;
    case "results":
      return resultsHtml(anchorRuns(block.results));
    case "table":
      return tableHtml(block.table);
    case "figure":
      return figureBlock(block.figure, block.title, block.caption, context);
    case "rankings":
      return rankingsHtml(block.rankings);
    case "code":
      return `<pre tabindex="0"><code>${escapeHtml(block.text)}</code></pre>`;
    case "columns":
      return `<div class="columns">${blocksHtml(block.blocks, context)}</div>`;
    case "details":
      return `<details><summary>${escapeHtml(block.summary)}</summary>${blocksHtml(block.blocks, context)}</details>`;
    case "live":
      return `<div class="live" data-live="${block.part}"><p>This part needs JavaScript.</p></div>`;
    case "runs":
      context.runs = true;
      return runsBlockHtml(block.runs);
    case "html":
      return block.html;
  }
}

/** Blocks as HTML, one after the other. */
export function blocksHtml(blocks: readonly Block[], context: BlockContext): string {
  return blocks.map((block) => blockHtml(block, context)).join("\n");
}

function figureBlock(
  figure: Figure,
  title: string,
  caption: string | undefined,
  context: BlockContext,
): string {
  const id = `figure-${++context.figures}-${htmlId(title)}`;
  const { height } = figure.layout as { height?: number };
  const { layout, data } = figure;
  const label = `<strong>${escapeHtml(title)}.</strong>${caption === undefined ? "" : ` ${escapeHtml(caption)}`}`;
  return (
    `<figure class="q-figure"><div class="plot" id="${id}" style="min-height:${Math.min(height ?? 400, 480)}px" role="group" ` +
    `aria-label="${escapeHtml(title)}"></div><script type="application/json">${scriptJson({ data, layout, config: FIGURE_CONFIG })}</script>` +
    `<figcaption>${label}</figcaption></figure>`
  );
}

/** The runs that blocks show results of, each with its system's name, in their order. */
export function runsShown(blocks: readonly Block[]): { system: string; dir: string; sha256?: string }[] {
  return blocks.flatMap((block) => {
    if (block.kind === "results")
      return block.results.rows.flatMap(({ system, runs }) =>
        runs.map(({ dir, sha256 }) => ({ system, dir, ...(sha256 && { sha256 }) })),
      );
    return block.kind === "columns" || block.kind === "details" ? runsShown(block.blocks) : [];
  });
}
