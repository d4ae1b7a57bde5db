import type { WasmHeap } from "../wasm-heap.js";
import { DistinctWords, type WordArrays, type WordCuts, wordSlots } from "./distinct-words.js";

/** The distinct words of some bags; arrays as {@link WordArrays} names them. */
export interface BagWords {
  /** distinct words */
  count: number;
  ids: Int32Array;
  starts: Int32Array;
  bagWords: Int32Array;
  bagStarts: Int32Array;
  wordBags: Int32Array;
  wordBagStarts: Int32Array;
  shares: Float32Array;
}

/** The distinct words of bags of ids [size, length], 0 = padding, found in the heap and copied out of it. */
export function bagWords(
  heap: WasmHeap,
  ids: Int32Array,
  size: number,
  length: number,
  cuts: WordCuts,
): BagWords {
  const most = size * Math.min(length, cuts.wordsLimit);
  const arrays: WordArrays = {
    ids: heap.scratch("cut.ids", ids.length),
    starts: heap.scratch("cut.starts", most + 1),
    bagWords: heap.scratch("cut.bagWords", most),
    bagStarts: heap.scratch("cut.bagStarts", size + 1),
    wordBags: heap.scratch("cut.wordBags", most),
    wordBagStarts: heap.scratch("cut.wordBagStarts", most + 1),
    shares: heap.scratch("cut.shares", size),
    slots: heap.scratch("cut.slots", wordSlots(most)),
    slotOf: heap.scratch("cut.slotOf", most),
    counts: heap.scratch("cut.counts", 2),
  };
  const list = heap.scratch("ids", ids.length);
  heap.ints.set(ids, list / 4);
  heap.ints.fill(0, arrays.counts / 4, arrays.counts / 4 + 2);
  const words = new DistinctWords(arrays, most, cuts, heap.kernels, () => heap.ints);
  words.begin(0);
  words.add(list, length, size);
  words.invert();
  words.close();
  const { count } = words;
  const ints = (at: number, n: number) => heap.ints.slice(at / 4, at / 4 + n);
  const starts = ints(arrays.starts, count + 1);
  const bagStarts = ints(arrays.bagStarts, size + 1);
  return {
    count,
    starts,
    bagStarts,
    ids: ints(arrays.ids, starts[count]!),
    bagWords: ints(arrays.bagWords, bagStarts[size]!),
    wordBags: ints(arrays.wordBags, bagStarts[size]!),
    wordBagStarts: ints(arrays.wordBagStarts, count + 1),
    shares: heap.floats.slice(arrays.shares / 4, arrays.shares / 4 + size),
  };
}
