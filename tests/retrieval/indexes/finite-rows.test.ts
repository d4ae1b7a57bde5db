import { describe, expect, it } from "vitest";
import { ClusterIndex } from "../../../lib/retrieval/indexes/cluster-index.js";
import { ExactIndex } from "../../../lib/retrieval/indexes/exact-index.js";
import { exactSearch } from "../../../lib/retrieval/indexes/exact-search.js";
import { HnswIndex } from "../../../lib/retrieval/indexes/hnsw-index.js";

const dim = 2;
const documents = Float32Array.of(1, 0, 0, 1, Number.NaN, 0, 1, 1);
const queries = Float32Array.of(1, 0, Number.POSITIVE_INFINITY, 0);

describe("rows that are not numbers", () => {
  it("are refused by every index, by their number", async () => {
    const rule = /documents must be finite, got NaN in row 2$/;
    expect(() => ExactIndex.build(documents, { dim })).toThrow(rule);
    expect(() => exactSearch({ documents, dim, queries: Float32Array.of(1, 0), k: 1 })).toThrow(rule);
    expect(() => ExactIndex.fromChunks(4, [documents], { dim })).toThrow(/must be finite, got NaN in row 2$/);
    await expect(async () => HnswIndex.build(documents, { dim })).rejects.toThrow(rule);
    await expect(async () => ClusterIndex.build(documents, { dim, clusters: 2 })).rejects.toThrow(rule);
  });

  it("are refused among queries", async () => {
    const index = ExactIndex.build(Float32Array.of(1, 0, 0, 1), { dim });
    await expect(async () => index.search(queries, 1)).rejects.toThrow(
      "queries must be finite, got Infinity in row 1",
    );
  });
});
