import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import type { FeatureBatch } from "../../../lib/features/batch.js";
import { VectorStore } from "../../../lib/files/vector-store.js";
import { exactSearch } from "../../../lib/retrieval/indexes/exact-search.js";
import { encodeCorpus, searchStore } from "../../../lib/retrieval/retrievers/encode-corpus.js";

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-corpus-"));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const dim = 8;

function corpus(rows: number) {
  const embedded: number[] = [];
  const vectorOf = (row: number) => {
    const random = new Random(row);
    return Array.from({ length: dim }, () => random.normal());
  };
  return {
    embedded,
    features: (from: number, count: number): FeatureBatch => ({
      size: count,
      columns: {
        row: {
          kind: "categorical" as const,
          ids: Int32Array.from({ length: count }, (_, i) => from + i),
        },
      },
    }),
    embed: (batch: FeatureBatch) => {
      const { ids } = batch.columns["row"] as { ids: Int32Array };
      embedded.push(...ids);
      return Float32Array.from(Array.from(ids).flatMap(vectorOf));
    },
    all: Float32Array.from(Array.from({ length: rows }, (_, row) => vectorOf(row)).flat()),
  };
}

describe("encodeCorpus", () => {
  it("after an interruption embeds only what is missing, and the result is the same", async () => {
    const { embedded, features, embed, all } = corpus(50);
    const store = VectorStore.open(path.join(dir, "s"), { dim, rows: 50, key: "k" });
    let blocks = 0;
    const failing = (batch: FeatureBatch) => {
      if (blocks++ === 3) throw new Error("power cut");
      return embed(batch);
    };
    await expect(encodeCorpus({ store, features, embed: failing, blockRows: 8 })).rejects.toThrow(
      "power cut",
    );
    store.close();
    const again = VectorStore.open(path.join(dir, "s"), { dim, rows: 50, key: "k" });
    const progress: number[] = [];
    await encodeCorpus({
      store: again,
      features,
      embed,
      blockRows: 8,
      onProgress: (done) => progress.push(done),
    });
    expect(progress).toEqual([24, 32, 40, 48, 50]);
    expect(embedded).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(again.rows(0, 50)).toEqual(all);
    again.close();
  });

  it("holds one block in memory: 100,000 vectors of 128 go through less than 10 MiB", async () => {
    const rows = 100_000;
    const wide = 128;
    const store = VectorStore.open(path.join(dir, "big"), { dim: wide, rows, key: "k" });
    const batch = (_from: number, count: number): FeatureBatch => ({ size: count, columns: {} });
    const block = new Float32Array(2000 * wide).fill(0.5); // one array for all, so that garbage does not blur the figure
    let most = 0;
    const before = process.memoryUsage();
    await encodeCorpus({
      store,
      features: batch,
      embed: ({ size }) => block.subarray(0, size * wide),
      blockRows: 2000,
      onProgress: () => {
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        most = Math.max(most, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
      },
    });
    expect(most).toBeLessThan(10 * 2 ** 20); // 49 MiB of vectors in all
    const { ids } = searchStore(store, new Float32Array(wide).fill(1), 3);
    expect(Array.from(ids)).toEqual([0, 1, 2]);
    store.close();
  });
});

describe("searchStore", () => {
  it("finds block by block what one search over everything finds", async () => {
    const { features, embed, all } = corpus(70);
    const store = VectorStore.open(path.join(dir, "s"), { dim, rows: 70, key: "k" });
    await encodeCorpus({ store, features, embed });
    const queries = corpus(5).all;
    for (const metric of ["cosine", "dot", "euclidean"] as const) {
      const whole = exactSearch({ documents: all, dim, queries, k: 9, metric });
      const blocks = searchStore(store, queries, 9, { metric, blockRows: 16 });
      expect(blocks.ids).toEqual(whole.ids);
      expect(blocks.scores).toEqual(whole.scores);
    }
    expect(searchStore(store, queries, 100).ids.subarray(70, 100)).toEqual(new Int32Array(30).fill(-1));
    store.close();
  });
});
