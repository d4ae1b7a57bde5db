import { Random } from "../engine/random/random.js";
import { optionAt, optionsOf } from "./settings.js";
import type { Range } from "./tuning-schema.js";

/** A trial that has ended: where it lay, and how it did. */
export interface Observed {
  point: readonly number[];
  /** epochs it reached: trials that went on are better than those that were stopped */
  epochs: number;
  value: number;
}

/** Share of the observed trials that count as good. */
const GOOD = 0.25;
/** Points drawn near good ones, of which the likeliest to be good is taken. */
const CANDIDATES = 24;
/** Share of trials that stay random, so that no region is given up. */
const EXPLORE = 0.2;
/** Observed trials from which on densities say something. */
const LEAST = 6;

/** A point of the unit cube from a generator that depends on seed and trial alone. */
export function randomPoint(seed: number, trial: number, dimensions: number): number[] {
  const random = new Random(seed).fork(`trial-${trial}`);
  return Array.from({ length: dimensions }, () => random.next());
}

/**
 * A point by the tree-structured Parzen estimator: of candidates drawn from the density l of good trials the one with
 * the largest l/g, g being the density of the others. Every dimension is by itself: a mixture of normal kernels in a
 * number's coordinate, smoothed counts of a list's options, each with one uniform part as prior. The same observations,
 * seed and trial give the same point.
 *
 * @see Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization, NeurIPS 24, section 4
 */
export function parzenPoint(
  ranges: readonly Range[],
  observed: readonly Observed[],
  seed: number,
  trial: number,
): number[] {
  const random = new Random(seed).fork(`parzen-${trial}`);
  if (observed.length < LEAST || random.next() < EXPLORE) return randomPoint(seed, trial, ranges.length);
  const order = [...observed].sort((a, b) => b.epochs - a.epochs || b.value - a.value);
  const count = Math.max(2, Math.ceil(GOOD * order.length));
  const good = order.slice(0, count);
  const rest = order.slice(count);
  let best: { point: number[]; ratio: number } | null = null;
  for (let c = 0; c < CANDIDATES; c++) {
    const near = good[Math.floor(random.next() * (good.length + 1))];
    const point = ranges.map((range, d) => {
      if (near === undefined) return random.next(); // the prior's part of the mixture
      const options = optionsOf(range);
      if (options === null) return reflected(near.point[d]! + random.normal() * widthOf(good.length));
      return random.next() < 1 / (good.length + 1) ? random.next() : near.point[d]!;
    });
    const ratio = ranges.reduce(
      (sum, range, d) => sum + logDensity(range, good, d, point[d]!) - logDensity(range, rest, d, point[d]!),
      0,
    );
    if (best === null || ratio > best.ratio) best = { point, ratio };
  }
  return best!.point;
}

function logDensity(range: Range, trials: readonly Observed[], d: number, u: number): number {
  const options = optionsOf(range);
  if (options !== null) {
    const wanted = optionAt(range, u);
    const hits = trials.filter(({ point }) => optionAt(range, point[d]!) === wanted).length;
    return Math.log((hits + 1) / (trials.length + options));
  }
  const width = widthOf(trials.length);
  let sum = 1; // the uniform prior
  for (const { point } of trials) {
    const z = (u - point[d]!) / width;
    sum += Math.exp(-0.5 * z * z) / (width * Math.sqrt(2 * Math.PI));
  }
  return Math.log(sum / (trials.length + 1));
}

/** Width of a kernel among so many: narrower as they grow. */
function widthOf(trials: number): number {
  return 0.5 / Math.sqrt(Math.max(1, trials));
}

/** A coordinate beyond an end of [0, 1), folded back. */
function reflected(u: number): number {
  const folded = Math.abs(u) % 2;
  return Math.min(folded > 1 ? 2 - folded : folded, 1 - 2 ** -32);
}
