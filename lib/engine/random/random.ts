import { UserError } from "../../files/user-error.js";

/**
 * Seeded pseudo-random numbers: xoshiro128** 1.1 (32-bit state words, period 2^128 − 1), state seeded by SplitMix32.
 * Everything random in the workspace draws from an instance that is passed in; the state can be saved and restored.
 *
 * @see Blackman & Vigna 2021, doi:10.1145/3460772
 */
export class Random {
  private readonly words = new Uint32Array(4);

  /** @param seed any integer; equal seeds give equal streams */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new UserError(`Random: seed must be an integer, got ${seed}`);
    let mix = (seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85ebca6b)) >>> 0;
    for (let i = 0; i < 4; i++) {
      mix = (mix + 0x9e3779b9) >>> 0;
      let z = mix;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.words[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  /** A generator that continues from a saved {@link state}. */
  static fromState(state: readonly number[]): Random {
    if (state.length !== 4)
      throw new UserError(`Random.fromState: state must have 4 words, got ${state.length}`);
    const random = new Random(0);
    random.words.set(state);
    return random;
  }

  /** Goes back (or on) to a saved {@link state}. */
  restore(state: readonly number[]): void {
    this.words.set(state);
  }

  /** The four state words, as plain numbers for JSON. */
  state(): number[] {
    return Array.from(this.words);
  }

  /** An independent generator for a named purpose; does not advance this one. */
  fork(label: string): Random {
    let hash = 0x811c9dc5;
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    const child = new Random(hash >>> 0);
    for (let i = 0; i < 4; i++) child.words[i]! ^= Math.imul(this.words[i]!, 0x9e3779b1);
    for (let i = 0; i < 8; i++) child.uint32();
    return child;
  }

  /** Next 32 random bits, an integer in [0, 2^32). */
  uint32(): number {
    const s = this.words;
    const x = Math.imul(s[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  next(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, n), without modulo bias. 1 ≤ n ≤ 2^32. */
  int(n: number): number {
    if (!(n >= 1) || n > 2 ** 32 || !Number.isInteger(n))
      throw new UserError(`Random.int: n must be an integer in [1, 2^32], got ${n}`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % n;
  }

  /** Standard normal by the polar method (no cached second value, so the state is the four words alone). */
  normal(): number {
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Fisher–Yates shuffle in place. */
  shuffle<T extends { length: number; [index: number]: unknown }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = values[i];
      values[i] = values[j];
      values[j] = held;
    }
    return values;
  }
}
