import { intervalCurve } from "./interval-curve.js";
import type { Figure } from "./theme.js";

export interface TypoSeries {
  name: string;
  points: readonly { typo: number; mean: number; low: number; high: number }[];
}

/**
 * A measure against the probability that a word of the query is misspelled, one line per system with its interval as a
 * band.
 *
 * @param metric  the measure's name, for the axis
 * @throws RangeError if a value is not finite or lies outside its interval
 */
export function recallVsTypo(series: readonly TypoSeries[], metric: string): Figure {
  const curves = series.map(({ name, points }) => ({
    name,
    points: points.map(({ typo, ...interval }) => ({ x: typo, ...interval })),
  }));
  return intervalCurve(curves, { xTitle: "probability of a typo per word", yTitle: metric });
}
