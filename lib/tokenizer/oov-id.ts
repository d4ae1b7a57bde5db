import { UserError } from "../files/user-error.js";
import { md5 } from "./md5.js";

/**
 * MD5 of the UTF-8 token, read as one 128-bit big-endian unsigned integer, modulo `modulus`.
 *
 * @param modulus integer in [1, 2^31]: the eight 16-bit steps then stay exact in a double
 */
export function md5Modulo(token: string, modulus: number): number {
  const digest = md5(token);
  let rest = 0;
  for (let i = 0; i < 16; i += 2) rest = (rest * 65536 + digest[i]! * 256 + digest[i + 1]!) % modulus;
  return rest;
}

/**
 * Id of a token outside the dictionary: (MD5 mod (V − 1)) + n + 1, in n+1 … n+V−1.
 *
 * The modulus is V − 1, not V, as in the original, so that ids agree; the embedding table needs n + V rows.
 *
 * @param n dictionary size
 * @param V number of out-of-vocabulary buckets as configured
 * @throws RangeError if V < 2
 */
export function oovId(token: string, n: number, V: number): number {
  checkOovCount("oovId", "V", V);
  return md5Modulo(token, V - 1) + n + 1;
}

/** Refuses a bucket count that the formula cannot use (V = 1 would divide by zero). */
export function checkOovCount(where: string, name: string, V: number): void {
  if (!Number.isInteger(V) || V < 2 || V > 2 ** 30)
    throw new UserError(`${where}: ${name} must be an integer in [2, 2^30], got ${V}`);
}

/**
 * {@link oovId} with the ids of tokens met before kept, because MD5 costs about as much as vectorising a whole phrase.
 * Holds at most `capacity` tokens, then starts afresh.
 */
export class OovIds {
  private readonly known = new Map<string, number>();

  constructor(
    private readonly offset: number,
    private readonly modulus: number,
    private readonly capacity = 1_000_000,
  ) {}

  id(token: string): number {
    const held = this.known.get(token);
    if (held !== undefined) return held;
    const id = md5Modulo(token, this.modulus) + this.offset + 1;
    if (this.known.size >= this.capacity) this.known.clear();
    this.known.set(token, id);
    return id;
  }
}
