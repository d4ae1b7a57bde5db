import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeyedVectors } from "../../lib/files/keyed-vectors.js";

let dir: string;
beforeEach(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-keyed-")), "store");
});
afterEach(() => fs.rmSync(path.dirname(dir), { recursive: true, force: true }));

function filled(): KeyedVectors {
  const store = KeyedVectors.open(dir, 2);
  store.append(["one", "two"], Float32Array.of(1, 2, 3, 4));
  return store;
}

describe("KeyedVectors", () => {
  it("gives vectors back by their texts, in any order, and after it was closed", () => {
    filled().close();
    const store = KeyedVectors.open(dir, 2);
    store.append(["drei ✓"], Float32Array.of(5, 6));
    expect([...store.of(["drei ✓", "one", "one"])]).toEqual([5, 6, 1, 2, 1, 2]);
    expect([store.size, store.has("two"), store.has("three")]).toEqual([3, true, false]);
    store.close();
  });

  it("writes again what a kill cut off: keys without rows, and rows without keys", () => {
    filled().close();
    fs.truncateSync(path.join(dir, "vectors.f32"), 12);
    const cut = KeyedVectors.open(dir, 2);
    expect(cut.has("two")).toBe(false);
    cut.append(["two"], Float32Array.of(7, 8));
    cut.close();
    fs.truncateSync(path.join(dir, "keys.sha256"), 40);
    const store = KeyedVectors.open(dir, 2);
    expect(store.size).toBe(1);
    store.append(["three"], Float32Array.of(9, 10));
    expect([...store.of(["one", "three"])]).toEqual([1, 2, 9, 10]);
    store.close();
  });

  it("refuses vectors of another length, texts again and texts that are not there", () => {
    const store = filled();
    expect(() => store.append(["one"], Float32Array.of(1, 2))).toThrow(/texts must be new, got "one" again/);
    expect(() => store.append(["x", "x"], new Float32Array(4))).toThrow(/got "x" again/);
    expect(() => store.append(["x"], new Float32Array(3))).toThrow(/must be 1 rows of 2, got 3 values/);
    expect(() => store.of(["x"])).toThrow(/texts must be there, got "x"/);
    store.close();
    expect(() => KeyedVectors.open(dir, 3)).toThrow(/vectors must have 3 numbers, got 2; remove the folder/);
  });
});
