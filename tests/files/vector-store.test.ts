import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VectorStore } from "../../lib/files/vector-store.js";

let dir: string;
beforeEach(() => {
  dir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-store-")), "store");
});
afterEach(() => fs.rmSync(path.dirname(dir), { recursive: true, force: true }));

const header = { dim: 3, rows: 5, key: "corpus a, model b" };
const vectors = Float32Array.from({ length: 15 }, (_, i) => i / 7);

describe("VectorStore", () => {
  it("goes on behind the rows that were written whole, and gives them back", () => {
    const first = VectorStore.open(dir, header);
    first.append(vectors.subarray(0, 6));
    first.close();
    fs.appendFileSync(path.join(dir, "vectors.f32"), "half a row"); // a write that was cut off
    const again = VectorStore.open(dir, header);
    expect(again.rowsDone).toBe(2);
    again.append(vectors.subarray(6));
    expect(again.complete).toBe(true);
    again.close();
    const store = VectorStore.read(dir);
    expect(store.rows(0, 5)).toEqual(vectors);
    expect(store.rows(3, 1)).toEqual(vectors.slice(9, 12));
    const seen = [...store.blocks(2)].map(({ from }) => from);
    expect(seen).toEqual([0, 2, 4]);
    expect([...store.blocks(2)].length).toBe(3);
    store.close();
  });

  it("refuses other contents, rows beyond its number, parts of rows and unfinished stores", () => {
    const store = VectorStore.open(dir, header);
    expect(() => store.append(vectors.subarray(0, 4))).toThrow(/whole rows of 3, got 4 values/);
    expect(() => store.append(new Float32Array(18))).toThrow(/at most 5 whole rows/);
    expect(() => store.rows(0, 1)).toThrow(/\[0, 0\)/);
    store.close();
    expect(() => VectorStore.open(dir, { ...header, key: "other" })).toThrow(
      /can only be resumed with the same key, "other", got "corpus a, model b"/,
    );
    expect(() => VectorStore.read(dir)).toThrow(/must be complete, got 0 of 5 rows/);
    expect(() => VectorStore.read(path.join(dir, "none"))).toThrow(/found none/);
    expect(() => VectorStore.open(path.join(dir, "x"), { ...header, dim: 0 })).toThrow(RangeError);
  });
});
