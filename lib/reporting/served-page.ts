import { scriptJson } from "./escape.js";
import { scriptPage } from "./script-page.js";

/** A run that a server answers for. */
export interface ServedSystem {
  /** what the server calls it */
  run: string;
  name: string;
  kind: string;
}

/** The search box of reports as a page of its own that asks a server; its script is at /live.js. */
export function servedPage(systems: readonly ServedSystem[]): string {
  return scriptPage({
    title: "Search",
    content: `<section aria-label="Search"><div class="live" data-live="search"><p>This page needs JavaScript.</p></div></section>`,
    beside: `<script type="application/json" id="live-systems">${scriptJson(systems)}</script>\n`,
    script: "/live.js",
  });
}
