import { boundaryAnytime, type DrawnMean, type DrawnValue, drawnMean } from "../../metrics/drawn-mean.js";
import { chancesOf, survivalOf } from "./draw-query.js";
import type { ExpectedChange } from "./expected-change.js";
import type { JudgingDraw } from "./judging-task.js";

/** How far a session is. */
export interface Progress {
  /** Queries on which the systems' differences were not known at the start. */
  drawable: number;
  /** Those drawn, in order, up to the first that is not done. */
  draws: readonly JudgingDraw[];
  /** First-pass answers. */
  labels: number;
}

/** How a system compares with the first. */
export interface Comparison extends DrawnMean {
  /** Half the width of the interval, also where low and high end at what is possible. */
  half: number;
  /** The same as it is to be expected after AHEAD more labels. */
  ahead: number;
  /** Which is better, where that is certain however often one looks. */
  decided: "first" | "other" | null;
}

/** Labels that the forecast looks ahead. */
export const AHEAD = 40;

/** Draws before which nothing is called decided. */
const EARLIEST = 10;

/**
 * The difference of each system from the first, over queries like these, from those whose differences are known beforehand and
 * those drawn: see {@link drawnMean}.
 *
 * @param values    of each draw, the differences
 * @param known     differences of each query that need not be drawn
 * @param expected  of each query that could be drawn at the start
 */
export function compareSystems(
  count: number,
  { drawable, draws, labels }: Progress,
  values: readonly (readonly DrawnValue[])[],
  known: readonly (readonly number[])[],
  expected: readonly ExpectedChange[],
  random: number,
): Comparison[] {
  const chances = chancesOf(expected, random);
  const survivals = expected.map((change) => survivalOf(change, random));
  const sumOf = (part: (change: ExpectedChange, i: number) => number) =>
    expected.reduce((sum, change, i) => sum + part(change, i), 0);
  const each = sumOf((_change, i) => chances[i]! * survivals[i]!.reduce((sum, chance) => sum + chance, 0));
  const labelsEach = draws.length > 0 ? labels / draws.length : each;
  return Array.from({ length: count }, (_, s) => {
    const square = ({ squares }: ExpectedChange, over: (j: number) => number) =>
      squares.reduce((sum, change, j) => sum + change[s]! / over(j), 0);
    const mean = drawnMean(
      values.map((differences) => differences[s]!),
      {
        drawable,
        known: known.map((differences) => differences[s]!),
        expected: {
          draw: sumOf((change, i) => square(change, (j) => survivals[i]![j]!) / chances[i]!),
          squares: sumOf((change) => square(change, () => 1) + change.guess[s]! * change.guess[s]!),
        },
      },
    );
    const bounded = { mean: possible(mean.mean), low: possible(mean.low), high: possible(mean.high) };
    return {
      ...{ ...mean, ...bounded, half: (mean.high - mean.low) / 2 },
      ...{ ahead: aheadOf(mean, drawable, labelsEach), decided: decidedBy(mean) },
    };
  });
}

/** Measures are shares: what an estimate says beyond their differences is cut off. */
function possible(difference: number): number {
  return Math.max(-1, Math.min(1, difference));
}

/** The interval's half after AHEAD more labels, if queries go on to need as many labels as so far. */
function aheadOf(now: DrawnMean, drawable: number, labelsEach: number): number {
  const half = (now.high - now.low) / 2;
  const draws = Math.max(1, now.draws);
  const then = Math.min(drawable, draws + AHEAD / Math.max(1, labelsEach));
  const shrink = draws >= drawable ? 0 : ((draws / then) * (drawable - then)) / (drawable - draws);
  const whole = now.drawing + now.sampling;
  return whole === 0 ? 0 : half * Math.sqrt((now.drawing * shrink + now.sampling) / whole);
}

/** Looking after every query is paid for: only the part of the error that shrinks with the labels is looked at again and again. */
function decidedBy({ mean, drawing, sampling, draws }: DrawnMean): Comparison["decided"] {
  if (draws < EARLIEST && drawing > 0) return null;
  const boundary = boundaryAnytime(Math.max(1, draws));
  const far = Math.sqrt(boundary * boundary * drawing + 1.96 * 1.96 * sampling);
  if (Math.abs(mean) <= far || far === 0) return null;
  return mean > 0 ? "other" : "first";
}
