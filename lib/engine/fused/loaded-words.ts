import { DistinctWords, type WordArrays, type WordCuts } from "../distinct-words.js";
import type { WasmMemory } from "../kernels/web-assembly.js";
import type { WordsLayout } from "./layout.js";

/**
 * The distinct words of the batch in a step's memory. Sides that share a table share words; the words of two tables are
 * numbered one table after the other.
 */
export class LoadedWords {
  private readonly words: DistinctWords;
  private readonly counts: Int32Array;

  constructor(
    layout: WordsLayout,
    shares: number,
    bags: number,
    cuts: WordCuts,
    private readonly tables: number,
    memory: WasmMemory,
  ) {
    const ints = (at: number, count: number) => new Int32Array(memory.buffer, at, count);
    const { mostWords, mostIds } = layout;
    const arrays: WordArrays = {
      ids: ints(layout.ids, mostIds),
      starts: ints(layout.starts, mostWords + 1),
      bagWords: ints(layout.bagWords, mostWords),
      bagStarts: ints(layout.bagStarts, bags + 1),
      wordBags: ints(layout.wordBags, mostWords),
      wordBagStarts: ints(layout.wordBagStarts, mostWords + 1),
      shares: new Float32Array(memory.buffer, shares, bags),
    };
    this.words = new DistinctWords(arrays, cuts);
    this.counts = ints(layout.counts, 2);
  }

  begin(firstBag: number): void {
    this.words.begin(firstBag);
    this.counts.fill(0);
  }

  /** Takes in the bags of one side, queries first. */
  add(side: 0 | 1, ids: Int32Array, length: number): void {
    const { words, counts, tables } = this;
    if (side === 1 && tables === 2) words.close();
    words.add(ids, length);
    if (side === 0 || tables === 1) counts[0] = words.count;
    counts[1] = words.count;
  }

  /** Ends the batch. */
  finish(): void {
    this.words.invert();
  }
}
