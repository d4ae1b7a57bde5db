/** Two neighbouring pieces and how often they occur so. */
export interface PiecePair {
  left: number;
  right: number;
  count: number;
}

const SHIFT = 2 ** 24; // more pieces than any vocabulary holds

/**
 * The words of a corpus as rows of piece ids, with the counts of neighbouring pairs kept up to date while pairs are
 * joined. A heap holds pairs with counts that may be out of date; they are corrected when they come to the top.
 */
export class MergeQueue {
  private readonly counts = new Map<number, number>();
  private readonly wordsWith = new Map<number, Set<number>>();
  private readonly heap: PiecePair[] = [];

  /**
   * @param words   changed in place by {@link merge}
   * @param weights occurrences of each word
   */
  constructor(
    private readonly words: number[][],
    private readonly weights: readonly number[],
  ) {
    words.forEach((word, w) => {
      for (let i = 1; i < word.length; i++) this.add(word[i - 1]! * SHIFT + word[i]!, this.weights[w]!, w);
    });
    for (const [key, count] of this.counts) this.push(key, count);
  }

  /** The pair that occurs most often, ties to the lower ids; null if there is none. */
  best(): PiecePair | null {
    for (;;) {
      const top = this.heap[0];
      if (top === undefined) return null;
      const count = this.counts.get(top.left * SHIFT + top.right) ?? 0;
      if (count === top.count) return top;
      this.pop();
      if (count > 0) this.push(top.left * SHIFT + top.right, count);
    }
  }

  /** Replaces every occurrence of the pair, from the left, by `joined`. */
  merge({ left, right }: PiecePair, joined: number): void {
    const key = left * SHIFT + right;
    const touched = new Set<number>();
    for (const w of this.wordsWith.get(key) ?? []) {
      const word = this.words[w]!;
      const weight = this.weights[w]!;
      for (let i = 1; i < word.length; i++) this.add(word[i - 1]! * SHIFT + word[i]!, -weight, -1);
      let to = 0;
      for (let from = 0; from < word.length; from++) {
        const fits = word[from] === left && word[from + 1] === right;
        word[to++] = fits ? joined : word[from]!;
        if (fits) from++;
      }
      word.length = to;
      for (let i = 1; i < word.length; i++) {
        const pair = word[i - 1]! * SHIFT + word[i]!;
        this.add(pair, weight, w);
        if (word[i - 1] === joined || word[i] === joined) touched.add(pair);
      }
    }
    this.counts.delete(key);
    this.wordsWith.delete(key);
    for (const pair of touched) this.push(pair, this.counts.get(pair) ?? 0);
  }

  private add(key: number, weight: number, word: number): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + weight);
    if (word < 0) return;
    const held = this.wordsWith.get(key);
    if (held) held.add(word);
    else this.wordsWith.set(key, new Set([word]));
  }

  private push(key: number, count: number): void {
    if (count <= 0) return;
    const { heap } = this;
    const pair = { left: Math.floor(key / SHIFT), right: key % SHIFT, count };
    let slot = heap.push(pair) - 1;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!before(pair, heap[parent]!)) break;
      heap[slot] = heap[parent]!;
      slot = parent;
    }
    heap[slot] = pair;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[slot] = heap[child]!;
      slot = child;
    }
    heap[slot] = last;
  }
}

function before(a: PiecePair, b: PiecePair): boolean {
  return a.count !== b.count ? a.count > b.count : a.left !== b.left ? a.left < b.left : a.right < b.right;
}
