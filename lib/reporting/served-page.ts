import { scriptJson } from "./escape.js";
import { contentStyle, pageStyle } from "./html-page.js";

/** A run that a server answers for. */
export interface ServedSystem {
  /** what the server calls it */
  run: string;
  name: string;
  kind: string;
}

/** The search box of reports as a page of its own that asks a server; its script is at /live.js. */
export function servedPage(systems: readonly ServedSystem[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Search</title>
<link rel="icon" href="data:,">
<style>${contentStyle()}
${pageStyle()}</style>
</head>
<body class="qdrl qdrl-page">
<main class="wrap">
<h1>Search</h1>
<section aria-label="Search"><div class="live" data-live="search"><p>This page needs JavaScript.</p></div></section>
</main>
<script type="application/json" id="live-systems">${scriptJson(systems)}</script>
<script src="/live.js"></script>
</body>
</html>
`;
}
