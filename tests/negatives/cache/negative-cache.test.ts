import { describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { NegativeCache } from "../../../lib/negatives/cache/negative-cache.js";
import { absentFromCache } from "../../../lib/negatives/cache/presence-filter.js";
import { expectClose, vector } from "../../support/vectors.js";

const scalar = (dtype: "int32" | "float32") => ({ shape: [] as number[], dtype });

/** A cache of ids and one-dimensional embeddings in the given state. */
function cacheOf(inputs: { id: number[]; emb: number[]; age: number[] }, useLru = true): NegativeCache {
  const cache = new NegativeCache({ id: scalar("int32"), emb: scalar("float32") }, inputs.id.length, {
    useLru,
  });
  cache.restore({
    "data.id": Int32Array.from(inputs.id),
    "data.emb": Float32Array.from(inputs.emb),
    ages: Int32Array.from(inputs.age),
    written: new Int32Array(inputs.id.length).fill(1),
  });
  return cache;
}

function expectState(cache: NegativeCache, expected: { id: number[]; emb?: number[]; age: number[] }): void {
  expect([...cache.data["id"]!]).toEqual(expected.id);
  // float32 storage of the vector's decimals
  if (expected.emb) expectClose(cache.data["emb"], expected.emb, 1e-7);
  expect([...cache.ages()]).toEqual(expected.age);
}

describe("NegativeCache matches its vectors:", () => {
  it("init", () => {
    const { inputs, expected } = vector("1-negative-cache/init");
    const cache = new NegativeCache(inputs.specs, inputs.cache_size);
    expect([...cache.data["ids"]!]).toEqual(expected.data.ids.flat());
    expect([...cache.data["embedding"]!]).toEqual(expected.data.embedding.flat());
    expect([...cache.ages()]).toEqual(expected.age);
  });

  it("fifo_fill", () => {
    const { inputs, expected } = vector("1-negative-cache/fifo_fill");
    const cache = new NegativeCache({ id: scalar("int32") }, inputs.cache_size);
    inputs.new_items.forEach((items: number[], step: number) => {
      cache.update({ newItems: { id: items } });
      expectState(cache, expected.after_each_step[step]);
    });
  });

  it.each([true, false])("refresh_then_insert/use_lru=%s", (useLru) => {
    const { inputs, expected } = vector(`1-negative-cache/refresh_then_insert/use_lru=${useLru}`);
    const cache = cacheOf(inputs, useLru);
    const changed = cache.update({
      refresh: { emb: inputs.refresh_emb },
      refreshIndices: inputs.refresh_indices,
      newItems: { id: inputs.new_id, emb: inputs.new_emb },
    });
    expectState(cache, expected);
    expect(changed.subarray(0, 2)).toEqual(Int32Array.from(inputs.refresh_indices));
  });

  it("refresh_masked and refresh_all_masked", () => {
    const one = vector("1-negative-cache/refresh_masked");
    const cache = cacheOf(one.inputs);
    cache.update({
      refresh: { emb: one.inputs.refresh_emb },
      refreshIndices: one.inputs.refresh_indices,
      refreshMask: one.inputs.refresh_mask,
    });
    expectState(cache, one.expected);
    const all = vector("1-negative-cache/refresh_all_masked");
    const still = cacheOf(all.inputs);
    still.update({
      refresh: { emb: [7, 7] },
      refreshIndices: all.inputs.refresh_indices,
      refreshMask: all.inputs.refresh_mask,
    });
    expectState(still, all.expected);
  });

  it("insert_masked", () => {
    const { inputs, expected } = vector("1-negative-cache/insert_masked");
    const cache = cacheOf(inputs);
    cache.update({ newItems: { id: inputs.new_id, emb: inputs.new_emb }, newItemsMask: inputs.new_mask });
    expectState(cache, expected);
  });

  it("key_validation, naming both sets of keys", () => {
    const { inputs, expected } = vector("1-negative-cache/key_validation");
    const verdicts = inputs.cases.map((given: { new?: string[]; refresh?: string[] }) => {
      const cache = new NegativeCache(
        Object.fromEntries(inputs.spec_keys.map((key: string) => [key, scalar("int32")])),
        3,
      );
      const rows = (keys?: string[]) => keys && Object.fromEntries(keys.map((key) => [key, [1]]));
      try {
        const [newItems, refresh] = [rows(given.new), rows(given.refresh)];
        cache.update({ ...(newItems && { newItems }), ...(refresh && { refresh, refreshIndices: [0] }) });
        return "ok";
      } catch (error) {
        expect((error as Error).message).toMatch(/fields a, b, got a/);
        return "error";
      }
    });
    expect(verdicts).toEqual(expected);
  });

  it("is_in_cache_filter", () => {
    const { inputs, expected } = vector("1-negative-cache/is_in_cache_filter");
    const cache = new NegativeCache(
      { k1: { shape: [2], dtype: "int32" }, k2: { shape: [1], dtype: "int32" }, e: scalar("float32") },
      3,
    );
    cache.update({ newItems: { k1: inputs.cache.k1.flat(), k2: inputs.cache.k2.flat(), e: [0, 0, 0] } });
    const items = { k1: inputs.new_items.k1.flat(), k2: inputs.new_items.k2.flat() };
    for (const keys of inputs.key_sets)
      expect(absentFromCache(cache, items, keys)).toEqual(expected[keys.join("+")]);
    expect(() => absentFromCache(cache, items, ["e"])).toThrow(
      'fields must hold integers, got "e" of float32',
    );
    expect(() => absentFromCache(cache, items, ["k3"])).toThrow('got "k3"');
  });
});

describe("NegativeCache", () => {
  it("has as many rows of age 0 as distinct rows were written or refreshed last (LRU), after any sequence", () => {
    const random = new Random(4);
    for (let trial = 0; trial < 20; trial++) {
      const size = 3 + random.int(12);
      const cache = new NegativeCache({ id: scalar("int32") }, size);
      for (let step = 0; step < 12; step++) {
        const refreshIndices = Array.from({ length: random.int(5) }, () => random.int(size));
        const count = random.int(Math.min(size, 4) + 1);
        const changed = cache.update({
          ...(refreshIndices.length > 0 && {
            refresh: { id: refreshIndices.map(() => step) },
            refreshIndices,
          }),
          ...(count > 0 && { newItems: { id: Array.from({ length: count }, () => 100 + step) } }),
        });
        const fresh = [...cache.ages()].filter((age) => age === 0).length;
        // the very first update may leave untouched rows, whose ages all grew to 1
        expect(fresh).toBe(new Set(changed).size);
      }
    }
  });

  it.each([true, false])(
    "evicts by age with ties to the lowest row, as sorting all rows would (LRU: %s)",
    (useLru) => {
      const random = new Random(6);
      let cache = new NegativeCache({ id: scalar("int32") }, 12, { useLru });
      let ages = new Array<number>(12).fill(0);
      for (let step = 0; step < 200; step++) {
        const refreshIndices = Int32Array.from({ length: random.int(5) }, () => random.int(12));
        const count = random.int(13);
        if (useLru) for (const row of refreshIndices) ages[row] = -1;
        const order = ages.map((_, row) => row).sort((a, b) => ages[b]! - ages[a]! || a - b);
        const slots = order.slice(0, count);
        for (const row of slots) ages[row] = -1;
        ages = ages.map((age) => age + 1);
        const newItems = { id: Int32Array.from({ length: count }, () => step) };
        const changed = cache.update({ refresh: { id: refreshIndices }, refreshIndices, newItems });
        expect([...changed.subarray(refreshIndices.length)]).toEqual(slots);
        expect([...cache.ages()]).toEqual(ages);
        // a cache that was saved and opened again goes on in the same order
        if (step % 50 === 25) {
          const state = cache.state();
          cache = new NegativeCache({ id: scalar("int32") }, 12, { useLru });
          cache.restore(state);
        }
      }
    },
  );

  it("continues from its state as if it had not stopped", () => {
    const make = () => new NegativeCache({ id: scalar("int32"), emb: { shape: [2], dtype: "float32" } }, 5);
    const [cache, other] = [make(), make()];
    const step = (c: NegativeCache, k: number) =>
      c.update({
        newItems: { id: [k, k + 1], emb: [k, 1, k, 2] },
        refresh: { emb: [k, k] },
        refreshIndices: [k % 5],
      });
    for (let k = 0; k < 4; k++) step(cache, k);
    other.restore(cache.state());
    for (let k = 4; k < 9; k++) expect(step(other, k)).toEqual(step(cache, k));
    expect(other.state()).toEqual(cache.state());
  });

  it("refuses more new items than rows, indices outside, and sizes that are no positive integers", () => {
    const cache = new NegativeCache({ id: scalar("int32") }, 2);
    expect(() => cache.update({ newItems: { id: [1, 2, 3] } })).toThrow(
      "NegativeCache.update: new items must not exceed the cache (2 rows), got 3",
    );
    expect(() => cache.update({ refresh: { id: [1] }, refreshIndices: [2] })).toThrow(
      "must be in [0, 2), got 2",
    );
    expect(() => new NegativeCache({ id: scalar("int32") }, 0)).toThrow(
      "size must be a positive integer, got 0",
    );
    expect([...cache.data["id"]!]).toEqual([0, 0]);
  });
});
