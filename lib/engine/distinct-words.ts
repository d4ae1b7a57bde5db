/** How a bag's ids lie together by words: id 1 … firstNgram − 1 begins a word, greater ids belong to the word before. */
export interface WordCuts {
  firstNgram: number;
  /** ≥ 1; most words of a bag, the last of which then takes all that is left */
  wordsLimit: number;
}

/** What {@link DistinctWords} writes. Sizes for at most W = bags · wordsLimit words and all bags' ids together. */
export interface WordArrays {
  /** [ids] of the distinct words, one word after the other */
  ids: Int32Array;
  /** [W + 1] where each distinct word's ids start */
  starts: Int32Array;
  /** [W] the distinct words of each bag by number, repeats kept, one bag after the other */
  bagWords: Int32Array;
  /** [bags + 1] where each bag's words start */
  bagStarts: Int32Array;
  /** [W] the bags that hold each distinct word, in order, repeats kept, one word after the other */
  wordBags: Int32Array;
  /** [W + 1] where each distinct word's bags start */
  wordBagStarts: Int32Array;
  /** [bags] 1 / (number of a bag's ids), 0 for an empty bag */
  shares: Float32Array;
}

/**
 * Cuts bags of ids into words and keeps equal words once, so that the rows of each can be summed once for all bags:
 * Σ over a bag's ids = Σ over its words of the word's own sum. That holds for any cuts, so nothing depends on what the ids
 * mean; well-placed cuts only make many words equal. Zeros are padding and belong to no word. Words are numbered in order
 * of first appearance, and their ids keep their order. Nothing is allocated after the constructor.
 */
export class DistinctWords {
  /** distinct words so far */
  count = 0;
  private firstBag = 0;
  private bags = 0;
  private named = 0;
  private closed = 0;
  /** open addressing: number + 1 of a word, 0 = free */
  private readonly slots: Int32Array;
  private readonly slotOf: Int32Array;

  constructor(
    private readonly arrays: WordArrays,
    private readonly cuts: WordCuts,
  ) {
    const most = arrays.bagWords.length;
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * most + 2)));
    this.slotOf = new Int32Array(most);
  }

  /** Forgets all words; the next bag has number `firstBag`. */
  begin(firstBag: number): void {
    this.close();
    this.count = this.closed = this.named = 0;
    this.firstBag = this.bags = firstBag;
    this.arrays.starts[0] = 0;
    this.arrays.bagStarts[firstBag] = 0;
  }

  /** Words of the bags to come equal none of those so far, e.g. as they are of another table. */
  close(): void {
    for (let word = this.closed; word < this.count; word++) this.slots[this.slotOf[word]!] = 0;
    this.closed = this.count;
  }

  /** @param ids [bags, length], 0 = padding */
  add(ids: Int32Array, length: number): void {
    const { firstNgram, wordsLimit } = this.cuts;
    const { ids: own, starts, bagWords, bagStarts, shares } = this.arrays;
    for (let from = 0; from < ids.length; from += length) {
      let begin = starts[this.count]!;
      let end = begin;
      let hash = 0;
      let size = 0;
      let cut = 1;
      for (let i = from; i < from + length; i++) {
        const id = ids[i]!;
        if (id === 0) continue;
        if (id < firstNgram && end > begin && cut < wordsLimit) {
          bagWords[this.named++] = this.numberOf(begin, end, hash);
          begin = end = starts[this.count]!;
          hash = 0;
          cut++;
        }
        own[end++] = id;
        hash = Math.imul(hash ^ id, 0x9e3779b1);
        size++;
      }
      if (end > begin) bagWords[this.named++] = this.numberOf(begin, end, hash);
      shares[this.bags] = size === 0 ? 0 : 1 / size;
      bagStarts[++this.bags] = this.named;
    }
  }

  /** Lists the bags of each word. */
  invert(): void {
    const { bagWords, bagStarts, wordBags, wordBagStarts: starts } = this.arrays;
    starts.fill(0, 0, this.count + 1);
    for (let i = 0; i < this.named; i++) starts[bagWords[i]! + 1]!++;
    for (let word = 0; word < this.count; word++) starts[word + 1]! += starts[word]!;
    // each start moves to its end, which is the next one's start
    for (let bag = this.firstBag; bag < this.bags; bag++)
      for (let i = bagStarts[bag]!; i < bagStarts[bag + 1]!; i++) wordBags[starts[bagWords[i]!]!++] = bag;
    starts.copyWithin(1, 0, this.count);
    starts[0] = 0;
  }

  /** The number of the word ids[begin … end): that of an equal one, which then stays alone, or a new one. */
  private numberOf(begin: number, end: number, hash: number): number {
    const { slots, slotOf } = this;
    const { starts } = this.arrays;
    const mask = slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let known = slots[slot]!; known !== 0; known = slots[slot]!) {
      if (this.isWord(known - 1, begin, end)) return known - 1;
      slot = (slot + 1) & mask;
    }
    const word = this.count++;
    slots[slot] = word + 1;
    slotOf[word] = slot;
    starts[word + 1] = end;
    return word;
  }

  private isWord(word: number, begin: number, end: number): boolean {
    const { ids, starts } = this.arrays;
    const from = starts[word]!;
    const size = end - begin;
    if (starts[word + 1]! - from !== size) return false;
    for (let i = 0; i < size; i++) if (ids[from + i] !== ids[begin + i]) return false;
    return true;
  }
}
