import { comparisonKey } from "../../datasets/comparison-keys.js";
import { unicodeTokens } from "../../tokenizer/unicode-words.js";
import { GrowingArray } from "./growing-array.js";
import { HashTable } from "./hash-table.js";
import { hash32 } from "./text-hash.js";

const BANDS = 10;
const ROWS = 3;
/** Texts of one band that a text is compared with; more share boilerplate, not meaning. */
const MOST_COMPARED = 200;

/**
 * Finds texts whose sets of shingles have Jaccard similarity of at least a threshold: MinHash in 10 bands of 3 rows gives
 * candidates (similarity s is met with 1 − (1 − s³)¹⁰: .999 at .8, .99 at .7), whose similarity is then computed exactly.
 *
 * The 30 hashes of a shingle are h + i·g, i from 1, of two hashes h and g.
 *
 * @see Broder 1997, doi:10.1109/SEQUEN.1997.666900; Leskovec, Rajaraman & Ullman 2020, Mining of Massive Datasets, section 3.4
 */
export class NearIndex {
  private readonly bands = new HashTable();
  /** newest entry of a band, and before each entry the one before it, −1 = none */
  private readonly heads = new GrowingArray(Int32Array);
  private readonly before = new GrowingArray(Int32Array);
  private readonly members = new GrowingArray(Int32Array);
  private readonly sets = new GrowingArray(Uint32Array);
  private readonly ends = new GrowingArray(Int32Array);
  private readonly signature = new Int32Array(BANDS * ROWS);

  /** @param threshold in (0, 1] */
  constructor(readonly threshold: number) {}

  get size(): number {
    return this.ends.length;
  }

  /** @param set ascending, without repeats; an empty set is near nothing */
  add(set: Uint32Array): void {
    const member = this.size;
    for (const hash of set) this.sets.push(hash);
    this.ends.push(this.sets.length);
    if (set.length === 0) return;
    this.sign(set);
    for (let band = 0; band < BANDS; band++) {
      const key = this.bands.addHash(this.bandHash(band), band);
      if (key === this.heads.length) this.heads.push(-1);
      this.before.push(this.heads.at(key));
      this.members.push(member);
      this.heads.set(key, this.members.length - 1);
    }
  }

  /** Members at least as similar as the threshold, the first added first. */
  near(set: Uint32Array): { member: number; similarity: number }[] {
    if (set.length === 0 || this.size === 0) return [];
    this.sign(set);
    let seen: Set<number> | null = null;
    const found: { member: number; similarity: number }[] = [];
    for (let band = 0; band < BANDS; band++) {
      const key = this.bands.findHash(this.bandHash(band), band);
      if (key === -1) continue;
      let compared = 0;
      for (
        let at = this.heads.at(key);
        at !== -1 && compared < MOST_COMPARED;
        at = this.before.at(at), compared++
      ) {
        const member = this.members.at(at);
        if (seen?.has(member)) continue;
        seen ??= new Set();
        seen.add(member);
        const similarity = this.jaccard(set, member);
        if (similarity >= this.threshold - 1e-12) found.push({ member, similarity });
      }
    }
    return found.sort((a, b) => a.member - b.member);
  }

  private sign(set: Uint32Array): void {
    const { signature } = this;
    signature.fill(0x7fffffff);
    for (let at = 0; at < set.length; at++) {
      const hash = set[at]!;
      let step = Math.imul(hash ^ 0x7feb352d, 0x846ca68b);
      step = (step ^ (step >>> 15)) | 1;
      let value = Math.imul(hash ^ (hash >>> 16), 0x9e3779b1);
      value ^= value >>> 13;
      for (let i = 0; i < signature.length; i++) {
        value = (value + step) | 0;
        if (value < signature[i]!) signature[i] = value;
      }
    }
  }

  private bandHash(band: number): number {
    let hash = band + 1;
    for (let row = 0; row < ROWS; row++)
      hash = Math.imul(hash ^ this.signature[band * ROWS + row]!, 0x5f356495) ^ (hash >>> 13);
    return hash | 0;
  }

  private jaccard(set: Uint32Array, member: number): number {
    const end = this.ends.at(member);
    let at = member === 0 ? 0 : this.ends.at(member - 1);
    const size = end - at;
    let shared = 0;
    for (let i = 0; i < set.length && at < end; ) {
      const other = this.sets.at(at);
      const own = set[i]!;
      if (own === other) shared++;
      if (own <= other) i++;
      if (own >= other) at++;
    }
    return shared / (set.length + size - shared);
  }
}

/**
 * Shingles of a query: trigrams of each word with its borders, in any order of the words, so that a plural, a typing error or
 * another order of words leave most of them.
 */
export function queryShingles(text: string): Uint32Array {
  const hashes = new Set<number>();
  for (const word of comparisonKey(text).split(" ")) {
    const bounded = ` ${word} `;
    if (bounded.length <= 3) hashes.add(hash32(bounded));
    for (let i = 0; i + 3 <= bounded.length; i++)
      hashes.add(
        Math.imul(
          Math.imul(bounded.charCodeAt(i) + 0x3001, 0x9e3779b1) ^ bounded.charCodeAt(i + 1),
          0x85ebca6b,
        ) ^ Math.imul(bounded.charCodeAt(i + 2), 0xc2b2ae35),
      );
  }
  return Uint32Array.from(hashes).sort();
}

/** Shingles of a document: its words; of scripts without spaces, characters and pairs of them. */
export function documentShingles(text: string): Uint32Array {
  return Uint32Array.from(new Set(unicodeTokens(comparisonKey(text)).map(hash32))).sort();
}
