import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import { unicodeTokens } from "../tokenizer/unicode-words.js";
import { comparisonKey } from "./comparison-keys.js";

/**
 * Groups texts that are nearly the same: with equal {@link comparisonKey}, or with word sets of Jaccard similarity ≥
 * `threshold`, transitively (a chain of near-duplicates is one group). Words of scripts without spaces are characters and
 * pairs of them.
 *
 * Only pairs that share one of their rarest words are compared: two sets with Jaccard ≥ t share a word among the
 * |x| − ⌈t·|x|⌉ + 1 rarest of either (prefix filter), so nothing is missed.
 *
 * @param threshold in (0, 1]
 * @returns group of each text: the index of its first member
 * @see Chaudhuri, Ganti & Kaushik 2006 (prefix filter), doi:10.1109/ICDE.2006.9
 */
export function nearDuplicateGroups(texts: readonly string[], threshold: number): Int32Array {
  if (!(threshold > 0 && threshold <= 1))
    throw new UserError(`nearDuplicateGroups: threshold must be in (0, 1], got ${threshold}`);
  const keys = texts.map(comparisonKey);
  const parent = Int32Array.from(texts, (_, i) => i);
  const find = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!;
      i = parent[i]!;
    }
    return i;
  };
  const join = (a: number, b: number): void => {
    const [low, high] = [find(a), find(b)].sort((x, y) => x - y) as [number, number];
    parent[high] = low;
  };
  const firstWith = new Map<string, number>();
  keys.forEach((text, i) => {
    const first = firstWith.get(text);
    if (first === undefined) firstWith.set(text, i);
    else join(first, i);
  });
  const representatives = [...firstWith.values()];
  const sets = rarestFirst(representatives.map((i) => keys[i]!));
  const postings = new Map<number, number[]>();
  sets.forEach((set, x) => {
    const prefix = set.length - Math.ceil(threshold * set.length) + 1;
    const compared = new Set<number>();
    for (const word of set.slice(0, prefix)) {
      const list = postings.get(word) ?? [];
      for (const y of list) {
        if (compared.has(y)) continue;
        compared.add(y);
        if (jaccard(set, sets[y]!) >= threshold - 1e-12) join(representatives[x]!, representatives[y]!);
      }
      list.push(x);
      postings.set(word, list);
    }
  });
  return Int32Array.from(parent, (_, i) => find(i));
}

/** Word sets as ascending numbers, where rarer words have lower ones. An empty text gives an empty set. */
function rarestFirst(texts: readonly string[]): number[][] {
  const words = texts.map((text) => [...new Set(unicodeTokens(text))]);
  const counts = new Map<string, number>();
  for (const word of words.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
  const order = [...counts].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  const rank = new Map(order.map(([word], i) => [word, i]));
  return words.map((list) => list.map((word) => rank.get(word)!).sort((a, b) => a - b));
}

/** Of two ascending lists without repeats. */
function jaccard(a: readonly number[], b: readonly number[]): number {
  let shared = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) shared++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  return shared / (a.length + b.length - shared);
}

/**
 * Deals whole groups to parts: groups are shuffled and go, one after the other, to the first part that still lacks rows.
 *
 * @param groups    group of each row
 * @param fractions of the rows per part, the last part takes the rest; in [0, 1], sum ≤ 1
 * @returns part of each row
 */
export function splitByGroup(
  groups: ArrayLike<number>,
  fractions: readonly number[],
  random: Random,
): Uint8Array {
  const rows = groups.length;
  if (fractions.some((f) => !(f >= 0 && f <= 1)) || fractions.reduce((a, b) => a + b, 0) > 1 + 1e-9)
    throw new UserError(
      `splitByGroup: fractions must be in [0, 1] with sum at most 1, got ${fractions.join(", ")}`,
    );
  const members = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const list = members.get(groups[row]!);
    if (list === undefined) members.set(groups[row]!, [row]);
    else list.push(row);
  }
  const part = new Uint8Array(rows);
  const left = fractions.map((f) => Math.round(f * rows));
  for (const list of random.shuffle([...members.values()])) {
    const open = left.findIndex((count) => count > 0);
    const chosen = open === -1 ? fractions.length : open;
    if (open !== -1) left[open]! -= list.length;
    for (const row of list) part[row] = chosen;
  }
  return part;
}
