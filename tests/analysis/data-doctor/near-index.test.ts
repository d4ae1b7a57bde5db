import { describe, expect, it } from "vitest";
import { documentShingles, NearIndex, queryShingles } from "../../../lib/analysis/data-doctor/near-index.js";
import { Random } from "../../../lib/engine/random/random.js";

const jaccard = (a: Uint32Array, b: Uint32Array) => {
  const [one, other] = [new Set(a), new Set(b)];
  const shared = [...one].filter((x) => other.has(x)).length;
  return shared / (one.size + other.size - shared);
};

describe("NearIndex", () => {
  it("finds what comparing all pairs finds, and nothing else", () => {
    const random = new Random(3);
    // families of sets that share most of their members
    const sets = Array.from({ length: 300 }, (_, i) => {
      const family = Math.floor(i / 5);
      const members = Array.from({ length: 20 }, (_, j) =>
        random.next() < 0.08 ? random.uint32() : family * 1000 + j,
      );
      return Uint32Array.from(new Set(members)).sort();
    });
    const index = new NearIndex(0.8);
    let [wanted, met] = [0, 0];
    sets.forEach((set, i) => {
      const found = index.near(set);
      for (const { member, similarity } of found)
        expect(similarity).toBeCloseTo(jaccard(set, sets[member]!), 12);
      const near = sets.slice(0, i).filter((other) => jaccard(set, other) >= 0.8).length;
      wanted += near;
      met += found.length;
      index.add(set);
    });
    expect(wanted).toBeGreaterThan(100);
    // MinHash meets a similarity of .8 in 999 of 1000 cases
    expect(met / wanted).toBeGreaterThan(0.98);
    expect(met).toBeLessThanOrEqual(wanted);
  });

  it("takes an empty set for near to nothing", () => {
    const index = new NearIndex(0.5);
    index.add(new Uint32Array());
    expect(index.near(new Uint32Array())).toEqual([]);
  });
});

describe("shingles", () => {
  it("of queries do not mind the order of words, case and accents, and little a plural", () => {
    expect(queryShingles("Crème brûlée torch")).toEqual(queryShingles("torch creme brulee"));
    expect(
      jaccard(queryShingles("wireless headphones black"), queryShingles("wireless headphone black")),
    ).toBeGreaterThan(0.8);
    expect(jaccard(queryShingles("wireless headphones"), queryShingles("garden hose"))).toBe(0);
  });

  it("of documents are words, of scripts without spaces characters and pairs", () => {
    expect(documentShingles("red red shoe").length).toBe(2);
    expect(documentShingles("人工智能").length).toBe(7);
  });
});
