import { readFileSync } from "node:fs";
import { packageFile } from "../files/package-files.js";
import { UserError } from "../files/user-error.js";
import { escapeHtml, htmlId, scriptJson } from "./escape.js";
import { runAnchor } from "./link-runs.js";
import type { MadeFrom } from "./number-source.js";
import { type Block, type BlockContext, blocksHtml, runsShown } from "./page-blocks.js";
import { plotlySource } from "./plotly-source.js";
import { QUERIES_FILE } from "./results-source.js";
import { plainTable } from "./table.js";
import { tableHtml } from "./table-html.js";

export interface ReportPage {
  title: string;
  /** Small line over the title: what kind of page this is, its date. */
  eyebrow?: string;
  /** What the page answers, one sentence. */
  question?: string;
  /** The answer first: one or two sentences with numbers and uncertainty; the first is set large. */
  answer: readonly string[];
  /** The author's own paragraphs, under the answer. */
  text?: readonly string[];
  /** Three to five numbers at a glance. */
  facts?: readonly { label: string; value: string; about?: string }[];
  sections: readonly { title: string; intro?: string; blocks: readonly Block[] }[];
  /** Which run folder and file each number comes from. */
  sources: readonly { what: string; run: string; file: string; sha256?: string }[];
  /** What the page can be made again from, and every number on it with it. */
  madeFrom?: MadeFrom;
  /** What the page's live blocks work with; without it they stay empty. */
  live?: LiveContent;
}

/** Data and script of blocks of kind "live". */
export interface LiveContent {
  /** base64 of compressed JSON */
  header: string;
  /** base64 of compressed bytes */
  numbers: string;
  /** one script, run at the end of the page */
  script: string;
}

/**
 * A report as one HTML file that refers to nothing outside itself: styles, scripts and, if there is a figure, plotly are
 * inlined once; it opens from disk without a network, follows light and dark, and prints. Figures are drawn in the
 * browser; `data-state` of each `.plot` says "drawn" or "failed".
 *
 * @throws RangeError if two sections share a title (their anchors would clash)
 */
export function htmlPage(page: ReportPage): string {
  const titles = page.sections.map((section) => section.title);
  const repeated = titles.find((title, index) => titles.indexOf(title) !== index);
  if (repeated !== undefined)
    throw new UserError(`htmlPage: section titles must differ, got "${repeated}" twice`);
  const ids = uniqueIds(titles);
  const context: BlockContext = { figures: 0 };
  const sections = page.sections.map(({ title, intro, blocks }, index) => {
    const lead = intro === undefined ? "" : `<p class="intro">${escapeHtml(intro)}</p>`;
    return `<section id="${ids[index]}"><h2>${escapeHtml(title)}</h2>${lead}\n${blocksHtml(blocks, context)}</section>`;
  });
  const links = page.sections.map(({ title }, index) => `<a href="#${ids[index]}">${escapeHtml(title)}</a>`);
  const plotly = context.figures === 0 && !context.runs ? "" : `<script>${plotlySource()}</script>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="qdrl">
<title>${escapeHtml(page.title)}</title>
<link rel="icon" href="data:,">
<style>${contentStyle()}\n${page.live ? pageStyle() : browserFile("page.css")}${context.runs ? `\n${browserFile("runs.css")}` : ""}</style>
</head>
<body class="qdrl qdrl-page">
<header class="top"><div class="wrap">${headerHtml(page)}</div></header>
<nav aria-label="Sections"><div class="wrap">${links.join("")}</div></nav>
<main class="wrap">
${sections.join("\n")}
</main>
<footer><div class="wrap">${sourcesHtml(page)}</div></footer>
${plotly}
${page.madeFrom === undefined ? "" : `<script type="application/json" id="made-from">${scriptJson(page.madeFrom)}</script>\n`}<script>window.qdrlFigureKeys = ${figureKeys()}</script>
<script>${browserFile("page.js")}</script>
${context.runs ? `<script>${browserFile("runs.js")}</script>\n` : ""}${page.live ? liveHtml(page.live) : ""}</body>
</html>
`;
}

function liveHtml({ header, numbers, script }: LiveContent): string {
  const data = (id: string, base64: string) => `<script type="text/plain" id="${id}">${base64}</script>\n`;
  const code = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  return `${data("live-header", header)}${data("live-numbers", numbers)}<script>${code}</script>\n`;
}

/** What makes a drawn plot one that keys work, a function of its element. */
export function figureKeys(): string {
  return browserFile("figure-keys.js").trim().replace(/;$/, "");
}

/** The style of tables, figures and rankings, for pages and notebook outputs. */
export function contentStyle(): string {
  return browserFile("content.css");
}

/** The style of pages around their content, with that of their live parts. */
export function pageStyle(): string {
  return `${browserFile("page.css")}\n${browserFile("live.css")}`;
}

function headerHtml(page: ReportPage): string {
  const eyebrow = page.eyebrow === undefined ? "" : `<p class="eyebrow">${escapeHtml(page.eyebrow)}</p>`;
  const question = page.question === undefined ? "" : `<p class="question">${escapeHtml(page.question)}</p>`;
  const answer = page.answer.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("");
  const facts = (page.facts ?? []).map(({ label, value, about }) => {
    const detail = about === undefined ? "" : `<span class="about">${escapeHtml(about)}</span>`;
    return `<div><dt>${escapeHtml(label)}</dt><dd><span class="number">${escapeHtml(value)}</span> ${detail}</dd></div>`;
  });
  return (
    `${eyebrow}<h1>${escapeHtml(page.title)}</h1>${question}` +
    (answer === "" ? "" : `<div class="answer">${answer}</div>`) +
    (page.text ?? []).map((paragraph) => `<p class="intro">${escapeHtml(paragraph)}</p>`).join("") +
    (facts.length === 0 ? "" : `<dl class="facts">${facts.join("")}</dl>`)
  );
}

/** Every run that the page shows has a line, which the tables' links lead to; those no source names are folded. */
function sourcesHtml({ sources, sections }: ReportPage): string {
  const anchored = new Set<string>();
  const table = (lines: ReportPage["sources"]) => {
    const { rows, ...rest } = plainTable(
      ["Shown", "Run folder", "File", "SHA-256"],
      lines.map(({ what, run, file, sha256 }) => [what, run, file, sha256 ?? "–"]),
    );
    const withIds = rows.map((row, i) => {
      const { run } = lines[i]!;
      if (anchored.has(run)) return row;
      anchored.add(run);
      return { ...row, id: runAnchor(run) };
    });
    return tableHtml({ ...rest, rows: withIds });
  };
  const named = sources.length === 0 ? "" : table(sources);
  const others = runsShown(sections.flatMap(({ blocks }) => blocks)).filter(
    ({ dir }, i, all) => !anchored.has(dir) && all.findIndex((run) => run.dir === dir) === i,
  );
  const lines = others.map(({ system, dir, sha256 }) => ({
    what: system,
    run: dir,
    file: QUERIES_FILE,
    ...(sha256 && { sha256 }),
  }));
  const folded =
    lines.length === 0
      ? ""
      : `<details><summary>${lines.length} ${lines.length === 1 ? "run" : "runs"}</summary>${table(lines)}</details>`;
  return named + folded === "" ? "" : `<h2>Where the numbers come from</h2>${named}${folded}`;
}

/** Our own files only: CSS and script that hold no closing tag. */
function browserFile(name: string): string {
  return readFileSync(packageFile(`lib/reporting/browser/${name}`), "utf8");
}

/** An id for each title; titles that differ in signs alone are numbered. */
function uniqueIds(titles: readonly string[]): string[] {
  const taken = new Set<string>();
  return titles.map((title) => {
    const wanted = htmlId(title);
    let id = wanted;
    for (let number = 2; taken.has(id); number++) id = `${wanted}-${number}`;
    taken.add(id);
    return id;
  });
}
