import type { MersenneTwister } from "../engine/random/mersenne-twister.js";
import type { Random } from "../engine/random/random.js";

/** The two draws a typo model needs. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  random(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
}

/** Draws from the workspace's own generator. */
export function fromRandom(generator: Random): RandomSource {
  return { random: () => generator.next(), below: (n) => generator.int(n) };
}

/** Draws from the CPython-compatible generator: the original's seeded outputs. */
export function fromMersenneTwister(generator: MersenneTwister): RandomSource {
  return { random: () => generator.random(), below: (n) => generator.randBelow(n) };
}
