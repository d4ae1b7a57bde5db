import { describe, expect, it } from "vitest";
import {
  batchFalseNegatives,
  expectedFalseNegatives,
  falseRowsOf,
} from "../../../../lib/analysis/data-doctor/examinations/batch-false-negatives.js";
import { PairCensus } from "../../../../lib/analysis/data-doctor/pair-census.js";
import { Random } from "../../../../lib/engine/random/random.js";

function censusOf(pairs: readonly (readonly [string, string])[]): PairCensus {
  const census = new PairCensus(1, false, [], false);
  census.addChunk(
    {
      part: null,
      queries: pairs.map(([query]) => query),
      ids: null,
      texts: pairs.map(([, text]) => text),
      grades: null,
    },
    [],
  );
  census.trainingRows = pairs.length;
  return census;
}

describe("expectedFalseNegatives", () => {
  it("is right on an example by hand", () => {
    // rows: (a, x) (a, y) (b, x) (c, z). For (a, ·) rows with x or y are false, but the row itself: 2 of 3 others
    const { falseRows, weights } = falseRowsOf(
      censusOf([
        ["a", "x"],
        ["a", "y"],
        ["b", "x"],
        ["c", "z"],
      ]),
    );
    expect([...weights].slice(0, 3)).toEqual([2, 1, 1]);
    expect([...falseRows].slice(0, 3)).toEqual([2, 1, 0]);
    const { share, perQuery } = expectedFalseNegatives(falseRows, weights, 2);
    expect(share).toBeCloseTo((2 + 2 + 1 + 0) / 4 / 3, 12);
    expect(perQuery).toBeCloseTo(share, 12);
  });

  it("counts no more queries than there are rows, where they are fewer than a batch", async () => {
    const census = censusOf([
      ["a", "x"],
      ["a", "y"],
      ["b", "x"],
    ]);
    const observer = await batchFalseNegatives.begin({} as never, {} as never);
    const [finding] = await observer.finish(census);
    expect(finding).toMatchObject({ count: 3, of: 3 });
    expect(finding!.what).toMatch(/^queries of a batch of 3 that/);
    expect(finding!.table!.rows).toEqual([[3, 83.3333, 1.667, expect.any(Number)]]);
  });

  it("is what drawn batches show, copies of a document and spellings of a query included", () => {
    const random = new Random(5);
    const pairs = Array.from({ length: 2000 }, () => {
      const document = Math.floor(100 * random.next() * random.next());
      const query = Math.floor(document / 3) + random.int(3);
      return [random.next() < 0.2 ? `Query ${query}!` : `query ${query}`, `document ${document}`] as const;
    });
    const { falseRows, weights } = falseRowsOf(censusOf(pairs));
    const relevant = new Set(
      pairs.map(([query, document]) => `${query.toLowerCase().replace("!", "")}>${document}`),
    );
    const size = 32;
    let [negatives, wrong, hit, asked] = [0, 0, 0, 0];
    for (let batch = 0; batch < 400; batch++) {
      const rows = random.shuffle(Int32Array.from(pairs, (_, i) => i)).subarray(0, size);
      for (const i of rows) {
        const own = pairs[i]![0].toLowerCase().replace("!", "");
        const found = [...rows].filter((j) => j !== i && relevant.has(`${own}>${pairs[j]![1]}`)).length;
        negatives += size - 1;
        wrong += found;
        hit += Number(found > 0);
        asked++;
      }
    }
    const expected = expectedFalseNegatives(falseRows, weights, size);
    // 12,800 queries: the standard error of the share of hits is .004
    expect(Math.abs(hit / asked - expected.queriesWithOne)).toBeLessThan(0.02);
    expect(wrong / negatives / expected.share).toBeGreaterThan(0.95);
    expect(wrong / negatives / expected.share).toBeLessThan(1.05);
  });

  it("is nothing for one row, and stops at the number of rows", () => {
    expect(expectedFalseNegatives([0], [1], 64)).toEqual({ share: 0, perQuery: 0, queriesWithOne: 0 });
    expect(expectedFalseNegatives([1], [2], 64).queriesWithOne).toBeCloseTo(1, 9);
  });
});
