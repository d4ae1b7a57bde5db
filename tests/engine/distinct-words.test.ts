import { describe, expect, it } from "vitest";
import { DistinctWords, type WordArrays } from "../../lib/engine/distinct-words.js";
import { Random } from "../../lib/engine/random.js";

function arraysFor(bags: number, words: number, ids: number): WordArrays {
  return {
    ids: new Int32Array(ids),
    starts: new Int32Array(words + 1),
    bagWords: new Int32Array(words),
    bagStarts: new Int32Array(bags + 1),
    wordBags: new Int32Array(words),
    wordBagStarts: new Int32Array(words + 1),
    shares: new Float32Array(bags),
  };
}

/** The spans of a list as arrays. */
const spans = (values: Int32Array, starts: Int32Array, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => [
    ...values.subarray(starts[from + i]!, starts[from + i + 1]!),
  ]);

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
    const arrays = arraysFor(3, 9, 24);
    const words = new DistinctWords(arrays, { firstNgram: 10, wordsLimit: 3 });
    words.begin(0);
    words.add(Int32Array.of(1, 11, 12, 2, 13, 1, 11, 12, 0, 0, 0, 0, 0, 0, 0, 0, 2, 13, 1, 11, 0, 0, 0, 0), 8);
    words.invert();
    expect(words.count).toBe(3);
    expect(spans(arrays.ids, arrays.starts, 0, 3)).toEqual([[1, 11, 12], [2, 13], [1, 11]]);
    expect(spans(arrays.bagWords, arrays.bagStarts, 0, 3)).toEqual([[0, 1, 0], [], [1, 2]]);
    expect(spans(arrays.wordBags, arrays.wordBagStarts, 0, 3)).toEqual([[0, 0], [0, 2], [2]]);
    expect([...arrays.shares]).toEqual([1 / 8, 0, 1 / 4]);
  });

  it("equals the obvious cut of random bags, words in order of first appearance, in batch after batch", () => {
    const random = new Random(4);
    for (let trial = 0; trial < 40; trial++) {
      const [firstNgram, wordsLimit] = [1 + random.int(8), 1 + random.int(5)];
      const length = 1 + random.int(12);
      const most = 30;
      const arrays = arraysFor(2 * most, 2 * most * wordsLimit, 2 * most * length);
      const distinct = new DistinctWords(arrays, { firstNgram, wordsLimit });
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
          distinct.add(Int32Array.from(bags.flat()), length);
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
          expect(arrays.shares[firstBag + i]).toBe(size === 0 ? 0 : Math.fround(1 / size));
        });
      }
    }
  });

  it("tells words apart that share a place in its table: all 3-id words over 12 ids stay distinct", () => {
    const all: number[] = [];
    for (let a = 10; a < 22; a++)
      for (let b = 10; b < 22; b++) for (let c = 10; c < 22; c++) all.push(a << 16, b << 16, c << 16);
    const arrays = arraysFor(12 ** 3, 12 ** 3, 3 * 12 ** 3);
    const words = new DistinctWords(arrays, { firstNgram: 1, wordsLimit: 1 });
    words.begin(0);
    words.add(Int32Array.from(all), 3);
    expect(words.count).toBe(12 ** 3);
    words.begin(0);
    words.add(Int32Array.from([...all.slice(0, 9), ...all.slice(0, 9)]), 3);
    expect(words.count).toBe(3);
  });
});
