import type { Kernels } from "../kernels/kernels.js";

/** Word boundaries in a bag of ids: id 1 … firstNgram − 1 begins a word, greater ids belong to the word before. */
export interface WordCuts {
  firstNgram: number;
  /** ≥ 1; most words of a bag, the last of which then takes all that is left */
  wordsLimit: number;
}

/** Addresses of what {@link DistinctWords} works on, for at most W = bags · wordsLimit words; i32 but for `shares`. */
export interface WordArrays {
  /** [ids] of the distinct words, one word after the other; room for the ids of all bags */
  ids: number;
  /** [W + 1] where each distinct word's ids start */
  starts: number;
  /** [W] the distinct words of each bag by number, repeats kept, one bag after the other */
  bagWords: number;
  /** [bags + 1] where each bag's words start */
  bagStarts: number;
  /** [W] the bags that hold each distinct word, in order, repeats kept, one word after the other */
  wordBags: number;
  /** [W + 1] where each distinct word's bags start */
  wordBagStarts: number;
  /** [bags] float32, 1 / (number of a bag's ids), 0 for an empty bag */
  shares: number;
  /** [{@link wordSlots}(W)], zero at first and after {@link DistinctWords.close} */
  slots: number;
  /** [W] */
  slotOf: number;
  /** [2] words, and words of bags, so far */
  counts: number;
}

/** Places of the table in which up to `words` words are looked up. */
export function wordSlots(words: number): number {
  return 2 ** Math.ceil(Math.log2(2 * words + 2));
}

/**
 * Cuts bags of ids into words and keeps equal words once, so that the rows of each can be summed once for all bags:
 * Σ over a bag's ids = Σ over its words of the word's own sum. That holds for any cuts, so nothing depends on what the ids
 * mean; well-placed cuts only make many words equal. Zeros are padding and belong to no word. Words are numbered in order
 * of first appearance, and their ids keep their order.
 */
export class DistinctWords {
  private firstBag = 0;
  private bags = 0;
  private closed = 0;

  /**
   * @param words W
   * @param ints  the kernels' memory
   */
  constructor(
    private readonly arrays: WordArrays,
    private readonly words: number,
    readonly cuts: WordCuts,
    private readonly kernels: Kernels,
    private readonly ints: () => Int32Array,
  ) {}

  /** Distinct words so far. */
  get count(): number {
    return this.ints()[this.arrays.counts / 4]!;
  }

  /** Forgets all words; the next bag has number `firstBag`. */
  begin(firstBag: number): void {
    this.close();
    const { counts, starts, bagStarts } = this.arrays;
    const ints = this.ints();
    ints[counts / 4] = ints[counts / 4 + 1] = ints[starts / 4] = ints[bagStarts / 4 + firstBag] = 0;
    this.firstBag = this.bags = firstBag;
    this.closed = 0;
  }

  /** Words of the bags to come equal none of those so far, e.g. as they are of another table. */
  close(): void {
    const { slotOf, slots } = this.arrays;
    const { count } = this;
    this.kernels.clearRows(slotOf + this.closed * 4, count - this.closed, slots);
    this.closed = count;
  }

  /** @param ids address of ids [size, length], 0 = padding */
  add(ids: number, length: number, size: number): void {
    const { firstNgram, wordsLimit } = this.cuts;
    const a = this.arrays;
    const [bagStarts, shares] = [a.bagStarts + this.bags * 4, a.shares + this.bags * 4];
    const mask = wordSlots(this.words) - 1;
    this.kernels.cutWords(
      ids,
      length,
      size,
      firstNgram,
      wordsLimit,
      a.ids,
      a.starts,
      a.bagWords,
      bagStarts,
      shares,
      a.slots,
      mask,
      a.slotOf,
      a.counts,
    );
    this.bags += size;
  }

  /** Lists the bags of each word. */
  invert(): void {
    const { bagWords, bagStarts, wordBags, wordBagStarts } = this.arrays;
    const { bags, count } = this;
    this.kernels.invertWords(bagWords, bagStarts, this.firstBag, bags, count, wordBags, wordBagStarts);
  }
}
