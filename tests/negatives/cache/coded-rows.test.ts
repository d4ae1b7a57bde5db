import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { arrayRows } from "../../../lib/negatives/cache/cached-rows.js";
import { CodedRows } from "../../../lib/negatives/cache/coded-rows.js";
import { NegativeCache } from "../../../lib/negatives/cache/negative-cache.js";
import { principalAxes } from "../../../lib/negatives/cache/principal-axes.js";
import { expectKernelsAsBuilt } from "../../support/kernels.js";

beforeAll(async () => void (await selectBackend("wasm")));

/** Unit rows whose variance lies mostly in the first few of 32 directions, as trained embeddings have it. */
function rowsOf(count: number, random: Random, dim = 32): Float32Array {
  const out = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    let norm = 0;
    for (let d = 0; d < dim; d++) norm += (out[row * dim + d] = random.normal() * 0.8 ** d) ** 2;
    for (let d = 0; d < dim; d++) out[row * dim + d]! /= Math.sqrt(norm);
  }
  return out;
}

function filled(size: number, random: Random): NegativeCache {
  const cache = new NegativeCache({ e: { shape: [32], dtype: "float32" } }, size);
  cache.update({ newItems: { e: rowsOf(size, random) } });
  return cache;
}

describe("CodedRows", () => {
  it("gives exact scores of rows of the right group, mostly the best ones", () => {
    const random = new Random(3);
    const cache = filled(1024, random);
    const coded = CodedRows.create(cache, "e", { groups: 8, maxQueries: 20 })!;
    coded.refit(random);
    const queries = rowsOf(20, random);
    const found = coded.groupMaxima(queries, 8);
    const best = arrayRows(cache.data["e"] as Float32Array, 32).groupMaxima(queries, 8);
    let same = 0;
    found.columns.forEach((row, cell) => {
      expect(Math.floor(row / 128)).toBe(cell % 8);
      const query = Math.floor(cell / 8);
      let score = 0;
      coded.embedding(row).forEach((x, d) => {
        score += x * queries[query * 32 + d]!;
      });
      expect(found.scores[cell]).toBeCloseTo(score, 5);
      expect(found.scores[cell]!).toBeLessThanOrEqual(best.scores[cell]! + 1e-5);
      if (row === best.columns[cell]) same++;
    });
    expect(same / found.columns.length).toBeGreaterThan(0.8);
  });

  it("follows rows that change, and passes rows never written over", () => {
    const random = new Random(5);
    const cache = new NegativeCache({ e: { shape: [32], dtype: "float32" } }, 64);
    const coded = CodedRows.create(cache, "e", { groups: 2, maxQueries: 1 })!;
    const query = rowsOf(1, random);
    expect([...coded.groupMaxima(query, 2).scores]).toEqual([-Infinity, -Infinity]);
    coded.update(cache.update({ newItems: { e: rowsOf(64, random) } }));
    coded.refit(random);
    coded.update(cache.update({ refresh: { e: query }, refreshIndices: [41] }));
    const found = coded.groupMaxima(query, 2);
    expect(found.columns[1]).toBe(41);
    expect(found.scores[1]).toBeCloseTo(1, 5);
  });

  it("finds as much in blocks of similar rows, also while rows change faster than groups are sorted anew", () => {
    const random = new Random(7);
    const cache = filled(4096, random);
    const coded = CodedRows.create(cache, "e", { groups: 2, maxQueries: 30 })!;
    coded.refit(random);
    const queries = rowsOf(30, random);
    const compare = () => {
      const found = coded.groupMaxima(queries, 2);
      const best = arrayRows(cache.data["e"] as Float32Array, 32).groupMaxima(queries, 2);
      let same = 0;
      found.columns.forEach((row, cell) => {
        expect(Math.floor(row / 2048)).toBe(cell % 2);
        if (row === best.columns[cell]) same++;
        expect(best.scores[cell]! - found.scores[cell]!).toBeLessThan(0.2);
      });
      return same / found.columns.length;
    };
    expect(compare()).toBeGreaterThan(0.6);
    // 300 rows an update are more than the place behind a group's blocks holds
    for (let i = 0; i < 20; i++) coded.update(cache.update({ newItems: { e: rowsOf(300, random) } }));
    expect(compare()).toBeGreaterThan(0.6);
    const query = queries.slice(0, 32);
    coded.update(cache.update({ refresh: { e: query }, refreshIndices: [3000] }));
    expect(coded.groupMaxima(query, 2).columns[1]).toBe(3000);
  });

  it("is not made for groups that are no multiples of 8 rows", () => {
    const cache = filled(36, new Random(1));
    expect(CodedRows.create(cache, "e", { groups: 3, maxQueries: 1 })).toBeNull();
    expect(() => CodedRows.create(cache, "e", { groups: 5, maxQueries: 1 })).toThrow("divides 36, got 5");
    const coded = CodedRows.create(filled(32, new Random(1)), "e", { groups: 4, maxQueries: 1 })!;
    expect(() => coded.groupMaxima(new Float32Array(32), 8)).toThrow("must be asked for 4 groups");
    expect(() => CodedRows.create(cache, "e", { groups: 4, maxQueries: 1, candidates: 9 })).toThrow(
      "candidates must be an integer from 1 to 8, got 9",
    );
  });

  it("scores as many rows exactly as it is asked to, and takes the best of them", () => {
    const random = new Random(11);
    const queries = rowsOf(20, random);
    const sums = [1, 2, 4, 8].map((candidates) => {
      const cache = filled(1024, new Random(3));
      const coded = CodedRows.create(cache, "e", { groups: 8, maxQueries: 20, candidates })!;
      coded.refit(new Random(4));
      return coded.groupMaxima(queries, 8).scores.reduce((sum, score) => sum + score, 0);
    });
    // more candidates hold the fewer ones: no sum is smaller than the one before, and 8 find more than 1
    expect(sums).toEqual([...sums].sort((a, b) => a - b));
    expect(sums[3]!).toBeGreaterThan(sums[0]!);
  });

  it("moves the field into its memory, after which earlier codes are refused", () => {
    const cache = filled(64, new Random(1));
    const before = Float32Array.from(cache.data["e"]!);
    const first = CodedRows.create(cache, "e", { groups: 2, maxQueries: 1 })!;
    expect(cache.data["e"]).toEqual(before);
    CodedRows.create(cache, "e", { groups: 2, maxQueries: 1 });
    expect(cache.data["e"]).toEqual(before);
    expect(() => first.groupMaxima(new Float32Array(32), 2)).toThrow('the field "e" must not have moved');
  });

  it("holds the kernel that its source compiles to", async () => {
    await expectKernelsAsBuilt("lib/negatives", ["group-maxima.wasm"]);
  });
});

describe("principalAxes", () => {
  it("finds the directions of most second moment, orthonormal", () => {
    const random = new Random(2);
    const rows = Float32Array.from({ length: 4 * 500 }, (_, i) => random.normal() * [0.1, 3, 0.2, 1][i % 4]!);
    const axes = principalAxes(rows, 4, 2, random);
    expect(Math.abs(axes[1]!)).toBeCloseTo(1, 2);
    expect(Math.abs(axes[7]!)).toBeCloseTo(1, 2);
    let product = 0;
    for (let d = 0; d < 4; d++) product += axes[d]! * axes[4 + d]!;
    expect(product).toBeCloseTo(0, 5);
  });
});
