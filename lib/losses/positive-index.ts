/**
 * The known positives of every query in 8 bytes a pair, for more pairs than sets can hold: pairs sorted by query, then
 * document, looked up by bisection. Numbers are any 32-bit integers (hashes, say); equal numbers are the same query or
 * document. A look-up after pairs were added sorts them first. For little-endian machines, as WebAssembly's memory is.
 */
export class PositiveIndex {
  private pairs: BigInt64Array;
  private count = 0;
  private sorted = true;

  /** @param expected pairs for which room is made at once; more may come */
  constructor(expected = 1024) {
    this.pairs = new BigInt64Array(Math.max(1, expected));
  }

  /** Pairs added, repeated ones included. */
  get size(): number {
    return this.count;
  }

  /** Adds the pairs (queryIds[i], documentIds[i]). */
  add(queryIds: Int32Array, documentIds: Int32Array): void {
    const needed = this.count + queryIds.length;
    if (needed > this.pairs.length) {
      const larger = new BigInt64Array(Math.max(needed, Math.ceil(1.5 * this.pairs.length)));
      larger.set(this.pairs);
      this.pairs = larger;
    }
    const halves = new Int32Array(this.pairs.buffer);
    for (let i = 0; i < queryIds.length; i++) {
      halves[2 * (this.count + i)] = documentIds[i]!;
      halves[2 * (this.count + i) + 1] = queryIds[i]!;
    }
    this.count = needed;
    this.sorted = false;
  }

  /** The positives of a query, as a new set; undefined where it has none. */
  of(query: number): ReadonlySet<number> | undefined {
    if (!this.sorted) {
      this.pairs = this.pairs.slice(0, this.count).sort();
      this.sorted = true;
    }
    const halves = new Int32Array(this.pairs.buffer);
    const queryAt = (pair: number) => halves[2 * pair + 1]!;
    let first = 0;
    for (let end = this.count; first < end; ) {
      const middle = (first + end) >>> 1;
      if (queryAt(middle) < query) first = middle + 1;
      else end = middle;
    }
    const found = new Set<number>();
    for (let pair = first; pair < this.count && queryAt(pair) === query; pair++) found.add(halves[2 * pair]!);
    return found.size === 0 ? undefined : found;
  }
}
