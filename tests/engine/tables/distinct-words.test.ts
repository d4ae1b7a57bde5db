import { describe, expect, it } from "vitest";
import { instantiateKernels } from "../../../lib/engine/kernels/kernels.js";
import { loadKernelModule } from "../../../lib/engine/kernels/load.js";
import { wasmApi } from "../../../lib/engine/kernels/web-assembly.js";
import { Random } from "../../../lib/engine/random/random.js";
import { DistinctWords, type WordArrays, wordSlots } from "../../../lib/engine/tables/distinct-words.js";

const memory = new wasmApi.Memory({ initial: 8, maximum: 8, shared: false });
const ints = new Int32Array(memory.buffer);
const floats = new Float32Array(memory.buffer);
const kernels = instantiateKernels(loadKernelModule("private").module, memory);

/** Arrays side by side, a guard word after each, and a place for bags after them. */
function place(bags: number, words: number, ids: number) {
  let top = 4;
  const take = (count: number) => {
    const at = top;
    top += count * 4;
    ints[top / 4] = guard;
    top += 4;
    return at;
  };
  ints.fill(0);
  const arrays: WordArrays = {
    ids: take(ids),
    starts: take(words + 1),
    bagWords: take(words),
    bagStarts: take(bags + 1),
    wordBags: take(words),
    wordBagStarts: take(words + 1),
    shares: take(bags),
    slots: take(wordSlots(words)),
    slotOf: take(words),
    counts: take(2),
  };
  const list = take(ids);
  const lengths = [ids, words + 1, words, bags + 1, words, words + 1, bags, wordSlots(words), words, 2, ids];
  const intact = () =>
    [...Object.values(arrays), list].every((at: number, i) => ints[at / 4 + lengths[i]!] === guard);
  return { arrays, list, intact };
}
const guard = 0x5eed;

/** The spans of a list as arrays. */
const spans = (values: number, starts: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => {
    const [begin, end] = ints.subarray(starts / 4 + from + i, starts / 4 + from + i + 2);
    return [...ints.subarray(values / 4 + begin!, values / 4 + end!)];
  });
const share = (arrays: WordArrays, bag: number) => floats[arrays.shares / 4 + bag]!;

/** The obvious cut: before every word id, but not beyond `wordsLimit` words. */
function cut(bag: readonly number[], firstNgram: number, wordsLimit: number): number[][] {
  const words: number[][] = [];
  for (const id of bag.filter((x) => x !== 0))
    if (words.length === 0 || (id < firstNgram && words.length < wordsLimit)) words.push([id]);
    else words.at(-1)!.push(id);
  return words;
}

describe("DistinctWords", () => {
  it("keeps the words of two texts once each, n-grams from 10 on", () => {
    const { arrays, list } = place(3, 9, 24);
    const words = new DistinctWords(arrays, 9, { firstNgram: 10, wordsLimit: 3 }, kernels, () => ints);
    words.begin(0);
    ints.set([1, 11, 12, 2, 13, 1, 11, 12, 0, 0, 0, 0, 0, 0, 0, 0, 2, 13, 1, 11, 0, 0, 0, 0], list / 4);
    words.add(list, 8, 3);
    words.invert();
    expect(words.count).toBe(3);
    expect(spans(arrays.ids, arrays.starts, 0, 3)).toEqual([
      [1, 11, 12],
      [2, 13],
      [1, 11],
    ]);
    expect(spans(arrays.bagWords, arrays.bagStarts, 0, 3)).toEqual([[0, 1, 0], [], [1, 2]]);
    expect(spans(arrays.wordBags, arrays.wordBagStarts, 0, 3)).toEqual([[0, 0], [0, 2], [2]]);
    expect([0, 1, 2].map((bag) => share(arrays, bag))).toEqual([1 / 8, 0, 1 / 4]);
  });

  it("equals the obvious cut of random bags, words in order of first appearance, in batch after batch", () => {
    const random = new Random(4);
    for (let trial = 0; trial < 40; trial++) {
      const [firstNgram, wordsLimit] = [1 + random.int(8), 1 + random.int(5)];
      const length = 1 + random.int(12);
      const most = 30;
      const { arrays, list, intact } = place(2 * most, 2 * most * wordsLimit, 2 * most * length);
      const cuts = { firstNgram, wordsLimit };
      const distinct = new DistinctWords(arrays, 2 * most * wordsLimit, cuts, kernels, () => ints);
      for (let batch = 0; batch < 3; batch++) {
        const [firstBag, apart] = [random.int(4), random.next() < 0.5];
        const sides = [0, 1].map(() => {
          const bags = Array.from({ length: random.int(25) }, () =>
            Array.from({ length }, () => (random.next() < 0.3 ? 0 : random.int(10))),
          );
          return bags;
        });
        distinct.begin(firstBag);
        const known = new Map<string, number>();
        const wanted: number[][] = [];
        const inBags: number[][] = [];
        sides.forEach((bags, side) => {
          if (side === 1 && apart) {
            distinct.close();
            known.clear();
          }
          ints.set(bags.flat(), list / 4);
          distinct.add(list, length, bags.length);
          for (const bag of bags)
            inBags.push(
              cut(bag, firstNgram, wordsLimit).map((word) => {
                const key = word.join();
                if (!known.has(key)) known.set(key, wanted.push(word) - 1);
                return known.get(key)!;
              }),
            );
        });
        distinct.invert();
        expect(distinct.count).toBe(wanted.length);
        expect(spans(arrays.ids, arrays.starts, 0, wanted.length)).toEqual(wanted);
        const last = firstBag + inBags.length;
        expect(spans(arrays.bagWords, arrays.bagStarts, firstBag, last)).toEqual(inBags);
        const bagsOf = wanted.map((_, word) =>
          inBags.flatMap((words, bag) => words.filter((w) => w === word).map(() => firstBag + bag)),
        );
        expect(spans(arrays.wordBags, arrays.wordBagStarts, 0, wanted.length)).toEqual(bagsOf);
        sides.flat().forEach((bag, i) => {
          const size = bag.filter((id) => id !== 0).length;
          expect(share(arrays, firstBag + i)).toBe(size === 0 ? 0 : Math.fround(1 / size));
        });
        expect(intact()).toBe(true);
        distinct.close();
        const { slots } = arrays;
        expect(
          ints.subarray(slots / 4, slots / 4 + wordSlots(2 * most * wordsLimit)).some((x) => x !== 0),
        ).toBe(false);
      }
    }
  });

  it("tells words apart that share a place in its table: all 3-id words over 12 ids stay distinct", () => {
    const all: number[] = [];
    for (let a = 10; a < 22; a++)
      for (let b = 10; b < 22; b++) for (let c = 10; c < 22; c++) all.push(a << 16, b << 16, c << 16);
    const { arrays, list } = place(12 ** 3, 12 ** 3, 3 * 12 ** 3);
    const words = new DistinctWords(arrays, 12 ** 3, { firstNgram: 1, wordsLimit: 1 }, kernels, () => ints);
    words.begin(0);
    ints.set(all, list / 4);
    words.add(list, 3, 12 ** 3);
    expect(words.count).toBe(12 ** 3);
    words.begin(0);
    ints.set([...all.slice(0, 9), ...all.slice(0, 9)], list / 4);
    words.add(list, 3, 6);
    expect(words.count).toBe(3);
  });
});
