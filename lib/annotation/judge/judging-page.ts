import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { bundleForBrowser } from "../../analysis/live/bundle-page.js";
import type { JudgingTask } from "../../browser/judging/judging-task.js";
import { packageFile } from "../../files/package-files.js";
import { escapeHtml } from "../../reporting/escape.js";
import { contentStyle, pageStyle } from "../../reporting/html-page.js";

/** Module of the page's script. */
export const JUDGE_SCRIPT = "lib/browser/page/judge-entry.ts";

/** Where a page of judging gets its script, and keeps its judgements. */
export interface JudgingPageOptions {
  /** Address that saves to a server; default: the browser alone keeps them. */
  save?: string;
  /** Address of the script; default: in the page. */
  script?: string;
  /** Name that the judge's field holds at first. */
  judge?: string;
}

/** The page of a judge at work, one HTML file that refers to nothing outside itself unless a server stands behind it. */
export async function judgingPage(task: JudgingTask, options: JudgingPageOptions = {}): Promise<string> {
  const { save, script, judge } = options;
  const attribute = (name: string, value: string | undefined) =>
    value === undefined ? "" : ` data-${name}="${escapeHtml(value)}"`;
  const code =
    script === undefined
      ? `<script>${(await bundleForBrowser(JUDGE_SCRIPT)).replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--")}</script>`
      : `<script src="${escapeHtml(script)}"></script>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="qdrl">
<title>Judging: ${escapeHtml(task.dataset)}</title>
<link rel="icon" href="data:,">
<style>${contentStyle()}
${pageStyle()}
${readFileSync(packageFile("lib/annotation/judge/browser/judge.css"), "utf8")}</style>
</head>
<body class="qdrl qdrl-page judge-page">
<main class="wrap">
<h1>Judging ${escapeHtml(task.dataset)}</h1>
<div class="live judge" data-judging${attribute("save", save)}${attribute("judge", judge)}><p>This page needs JavaScript.</p></div>
</main>
<script type="text/plain" id="judging-task">${gzipSync(JSON.stringify(task), { level: 9 }).toString("base64")}</script>
${code}
</body>
</html>
`;
}
