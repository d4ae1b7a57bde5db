import type { PageComparison } from "../reporting/compare-page.js";
import { bars } from "../reporting/figures/bars.js";
import { differences } from "../reporting/figures/differences.js";
import { lossCurve } from "../reporting/figures/loss-curve.js";
import { recallVsTypo } from "../reporting/figures/recall-vs-typo.js";
import type { Figure } from "../reporting/figures/theme.js";
import type { RunFolder } from "../tracking/run-folder.js";

import { lossLines, typoLines } from "./curves.js";
import { sliceMeans } from "./slice-means.js";

/** Average training and validation loss of runs after each epoch; runs without training are left out. */
export function lossFigure(runs: readonly RunFolder[]): Figure {
  return lossCurve(lossLines(runs));
}

/** A measure of runs against the probability of a typo per word, with intervals over seeds and queries. */
export function typoFigure(runs: readonly RunFolder[], options: { set: string; measure?: string }): Figure {
  const { measure = "Recall@10" } = options;
  return recallVsTypo(typoLines(runs, { set: options.set, measure }), measure);
}

/** A measure of runs on each slice of an evaluation set. @throws RangeError if its queries carry no slices */
export function sliceFigure(
  runs: readonly RunFolder[],
  options: { set: string; measure?: string; horizontal?: boolean },
): Figure {
  const { set, measure = "Recall@10", horizontal = false } = options;
  const { labels, series } = sliceMeans(runs, { set, measure });
  return bars(labels, series, { valueTitle: measure, horizontal });
}

/** How two runs differ on each query, from the greatest loss to the greatest win. */
export function differenceFigure({ queries, measure }: PageComparison): Figure {
  return differences(queries, `${measure}, difference`);
}
