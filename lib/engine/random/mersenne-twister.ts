import { UserError } from "../../files/user-error.js";

/**
 * MT19937 with CPython's seeding (init_by_array of the seed's 32-bit words) and CPython's draws, so that published
 * outputs of seeded Python programs can be repeated. For everything else the workspace uses `Random`.
 *
 * @see Matsumoto & Nishimura 1998, doi:10.1145/272991.272995
 */
export class MersenneTwister {
  private readonly words = new Uint32Array(624);
  private index = 624;

  /** @param seed integer; only its absolute value counts, as in CPython */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed))
      throw new UserError(`MersenneTwister: seed must be an integer, got ${seed}`);
    const size = Math.abs(seed);
    const low = size % 2 ** 32;
    const high = Math.floor(size / 2 ** 32);
    this.initByArray(high > 0 ? [low, high] : [low]);
  }

  /** Uniform in [0, 1) with 53 random bits. */
  random(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, n): draws of n.bit_length() bits until one is below n. 1 ≤ n < 2^32. */
  randBelow(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n >= 2 ** 32)
      throw new UserError(`MersenneTwister.randBelow: n must be an integer in [1, 2^32), got ${n}`);
    const drop = Math.clz32(n);
    let value = this.uint32() >>> drop;
    while (value >= n) value = this.uint32() >>> drop;
    return value;
  }

  /** Next 32 random bits. */
  uint32(): number {
    if (this.index === 624) this.refill();
    let y = this.words[this.index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private refill(): void {
    const w = this.words;
    for (let k = 0; k < 624; k++) {
      const y = (w[k]! & 0x80000000) | (w[(k + 1) % 624]! & 0x7fffffff);
      w[k] = w[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.index = 0;
  }

  private initByArray(key: readonly number[]): void {
    const w = this.words;
    w[0] = 19650218;
    for (let i = 1; i < 624; i++) w[i] = Math.imul(1812433253, w[i - 1]! ^ (w[i - 1]! >>> 30)) + i;
    let i = 1;
    let j = 0;
    for (let k = Math.max(624, key.length); k > 0; k--) {
      w[i] = (w[i]! ^ Math.imul(w[i - 1]! ^ (w[i - 1]! >>> 30), 1664525)) + key[j]! + j;
      if (++i === 624) {
        w[0] = w[623]!;
        i = 1;
      }
      if (++j === key.length) j = 0;
    }
    for (let k = 623; k > 0; k--) {
      w[i] = (w[i]! ^ Math.imul(w[i - 1]! ^ (w[i - 1]! >>> 30), 1566083941)) - i;
      if (++i === 624) {
        w[0] = w[623]!;
        i = 1;
      }
    }
    w[0] = 0x80000000;
  }
}
