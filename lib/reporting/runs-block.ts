import { scriptJson } from "./escape.js";
import { FIGURE_CONFIG } from "./figures/figure-config.js";
import { baseLayout, seriesColor, seriesDash, seriesSymbol } from "./figures/theme.js";

/** Different looks of lines and points; more runs begin again. */
const LOOKS = 64;

type Value = string | number | boolean | null;

/** A run as a page lists it. */
export interface ShownRun {
  /** its folder, or what the server calls it: `<experiment>/<run>` */
  name: string;
  facts: Record<string, Value>;
  settings: Record<string, Value>;
  measures: Record<string, number>;
  /** measurements during training by name: steps and values */
  curves: Record<string, { step: number[]; value: number[] }>;
}

/** Runs of a page: listed, filtered, sorted; compared by their settings, curves and measures. */
export interface RunsData {
  runs: readonly ShownRun[];
  /** facts and measures shown at first */
  columns: readonly string[];
  /** whether the page is a server's, which can delete runs */
  served?: boolean;
}

/** What the script runs.js fills. */
export function runsBlockHtml(data: RunsData): string {
  const looks = Array.from({ length: LOOKS }, (_, i) => [seriesColor(i), seriesSymbol(i), seriesDash(i)]);
  const all = { ...data, looks, layout: baseLayout(), config: FIGURE_CONFIG };
  return `<div class="q-runs"><p>This part needs JavaScript.</p><script type="application/json">${scriptJson(all)}</script></div>`;
}
