import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../../lib/engine/random/random.js";
import { ClusterIndex } from "../../../lib/retrieval/indexes/cluster-index.js";
import { exactSearch, type SearchMetric } from "../../../lib/retrieval/indexes/exact-search.js";
import { HnswIndex } from "../../../lib/retrieval/indexes/hnsw-index.js";
import { openIndexFile } from "../../../lib/retrieval/indexes/index-file.js";
import { buildIndex, openIndex } from "../../../lib/retrieval/indexes/open-index.js";
import { vector } from "../../support/vectors.js";

const folder = mkdtempSync(path.join(tmpdir(), "qdrl-approximate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** points around 20 centres, so that there is something to cluster */
function groups(count: number, dim: number, seed: number): Float32Array {
  const centres = new Random(99);
  const means = Float32Array.from({ length: 20 * dim }, () => centres.normal());
  const random = new Random(seed);
  const out = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const c = random.int(20);
    for (let j = 0; j < dim; j++) out[i * dim + j] = means[c * dim + j]! + 0.5 * random.normal();
  }
  return out;
}

function overlap(found: Int32Array, exact: Int32Array, k: number): number {
  let hits = 0;
  for (let at = 0; at < exact.length; at += k) {
    const truth = new Set(exact.subarray(at, at + k));
    hits += found.subarray(at, at + k).filter((id) => truth.has(id)).length;
  }
  return hits / exact.length;
}

const dim = 12;
const documents = groups(3000, dim, 1);
const queries = groups(40, dim, 2);
const metrics: SearchMetric[] = ["cosine", "dot", "euclidean"];

describe("ClusterIndex", () => {
  it("gives 2-dense-retrieval-course/cluster_search", async () => {
    const { inputs, expected } = vector("2-dense-retrieval-course/cluster_search");
    const index = ClusterIndex.fromClusters(Float32Array.from(inputs.corpus.flat()), {
      dim: 2,
      metric: "dot",
      labels: Int32Array.from(inputs.labels),
      centroids: Float32Array.from(inputs.centroids.flat()),
      probes: 1,
    });
    for (const probes of [1, 2, 3]) {
      index.probes = probes;
      const { ids } = await index.search(Float32Array.from(inputs.query), inputs.k);
      const names = [...ids].filter((id) => id >= 0).map((id) => inputs.ids[id]);
      expect(names).toEqual(expected[`nprobe=${probes}`]);
    }
    const order = exactSearch({
      documents: Float32Array.from(inputs.centroids.flat()),
      dim: 2,
      queries: Float32Array.from(inputs.query),
      k: 3,
      metric: "euclidean",
    });
    expect([...order.ids]).toEqual(expected.nearest_first);
    expected.centroid_distances.forEach((d: number, i: number) => {
      expect(Math.abs(-order.scores[i]! - d)).toBeLessThan(1e-6);
    });
  });

  it.each(metrics)("probing all clusters equals exhaustive search, ties included (%s)", async (metric) => {
    const repeated = documents.slice();
    repeated.copyWithin(1500 * dim, 0, 1000 * dim);
    const index = ClusterIndex.build(repeated, { dim, metric, clusters: 30, probes: 30 });
    expect(await index.search(queries, 25)).toEqual(
      exactSearch({ documents: repeated, dim, queries, k: 25, metric }),
    );
  });

  it("finds more with every further probe", async () => {
    const index = ClusterIndex.build(documents, { dim, clusters: 40 });
    const exact = exactSearch({ documents, dim, queries, k: 10 });
    const recall: number[] = [];
    for (const probes of [1, 2, 4, 8, 16, 40]) {
      index.probes = probes;
      recall.push(overlap((await index.search(queries, 10)).ids, exact.ids, 10));
    }
    expect([...recall].sort((a, b) => a - b)).toEqual(recall);
    expect(recall[0]).toBeGreaterThan(0.2);
    expect(recall[3]).toBeGreaterThan(0.9);
    expect(recall[5]).toBe(1);
  });

  it("is the same for the same seed", async () => {
    const search = async (seed: number) =>
      (await ClusterIndex.build(documents, { dim, clusters: 40, probes: 1, seed }).search(queries, 10)).ids;
    expect(await search(3)).toEqual(await search(3));
    expect(await search(3)).not.toEqual(await search(4));
  });

  it("refuses impossible requests", async () => {
    expect(() => ClusterIndex.build(new Float32Array(0), { dim })).toThrow(
      "clusters must be 1 to the 0 documents, got 1",
    );
    const index = ClusterIndex.build(documents, { dim, clusters: 5 });
    index.probes = 6;
    expect(() => index.search(queries, 3)).toThrow("ClusterIndex.search: probes must be 1 to 5, got 6");
  });
});

describe("HnswIndex", () => {
  it.each(metrics.flatMap((metric) => [["int8", metric] as const, ["float32", metric] as const]))(
    "finds nearly all of the exact neighbours, with their scores (%s, %s)",
    async (precision, metric) => {
      const index = HnswIndex.build(documents, { dim, metric, precision });
      const exact = exactSearch({ documents, dim, queries, k: 10, metric });
      const found = await index.search(queries, 10);
      expect(overlap(found.ids, exact.ids, 10)).toBeGreaterThan(0.95);
      for (let i = 0; i < found.ids.length; i++)
        if (found.ids[i] === exact.ids[i])
          expect(Math.abs(found.scores[i]! - exact.scores[i]!)).toBeLessThan(
            1e-4 * Math.max(1, Math.abs(exact.scores[i]!)),
          );
    },
  );

  it("keeps vectors in half the space on request, scores to three digits", async () => {
    const file = (name: string) => path.join(folder, name);
    const full = HnswIndex.build(documents, { dim, precision: "float32" });
    const half = HnswIndex.build(documents, { dim, precision: "float16" });
    expect(full.save(file("f32.index")) - half.save(file("f16.index"))).toBe(documents.byteLength / 2);
    const exact = exactSearch({ documents, dim, queries, k: 10 });
    const found = await openIndex(file("f16.index")).search(queries, 10);
    expect(overlap(found.ids, exact.ids, 10)).toBeGreaterThan(0.95);
    for (let i = 0; i < found.ids.length; i++)
      if (found.ids[i] === exact.ids[i])
        expect(Math.abs(found.scores[i]! - exact.scores[i]!)).toBeLessThan(1e-3);
    expect(() => HnswIndex.build(documents, { dim, precision: "int4" as "float16" })).toThrow(
      'unknown precision "int4"; known: int8, float32, float16',
    );
  });

  it("may be searched by several threads after one has built it", async () => {
    for (const count of [1, 2, 3, 5, 17, 64, 100, 257]) {
      const index = HnswIndex.build(documents.subarray(0, count * dim), { dim, precision: "float32" });
      for (let round = 0; round < 5; round++) expect((await index.search(queries, 1)).ids.length).toBe(40);
    }
  });

  it.each(["int8", "float32"] as const)("builds the same graph every time (%s)", async (precision) => {
    const twins = [0, 1].map((i) => {
      const file = path.join(folder, `twin${i}.index`);
      HnswIndex.build(documents, { dim, precision }).save(file);
      return readFileSync(file);
    });
    expect(Buffer.compare(twins[0]!, twins[1]!)).toBe(0);
  });

  it.each(["int8", "float32"] as const)(
    "loads, maps, and takes another expansion (%s)",
    async (precision) => {
      const file = path.join(folder, "graph.index");
      const index = HnswIndex.build(documents, { dim, metric: "dot", expansionSearch: 200, precision });
      index.save(file);
      const answer = await index.search(queries, 10);
      for (const map of [false, true])
        expect(await HnswIndex.fromFile(openIndexFile(file, "hnsw"), { map }).search(queries, 10)).toEqual(
          answer,
        );
      const exact = exactSearch({ documents, dim, queries, k: 10, metric: "dot" });
      const low = await HnswIndex.fromFile(openIndexFile(file, "hnsw"), { expansionSearch: 10 }).search(
        queries,
        10,
      );
      expect(overlap(low.ids, exact.ids, 10)).toBeLessThan(overlap(answer.ids, exact.ids, 10));
    },
  );

  it("is mapped by openIndex on request, where other kinds are read", async () => {
    for (const kind of ["exact", "clusters", "hnsw"] as const) {
      const file = path.join(folder, `mapped-${kind}.index`);
      const index = buildIndex(documents, {
        ...{ kind, dim, metric: "dot" as const },
        ...(kind === "hnsw" && { precision: "float32" as const }),
      });
      index.save(file);
      const mapped = openIndex(file, { map: true });
      expect(mapped.memoryBytes === 0).toBe(kind === "hnsw");
      expect(await mapped.search(queries, 10)).toEqual(await index.search(queries, 10));
      await mapped.close();
      await index.close();
    }
  });

  it.each(["int8", "float32"] as const)("handles no documents (%s)", async (precision) => {
    const index = HnswIndex.build(new Float32Array(0), { dim: 2, precision });
    expect([...(await index.search(Float32Array.of(1, 0), 2)).ids]).toEqual([-1, -1]);
    const file = path.join(folder, "nothing.index");
    index.save(file);
    expect([...(await openIndex(file).search(Float32Array.of(1, 0), 2)).ids]).toEqual([-1, -1]);
  });
});

describe("every kind of index", () => {
  it.each(["exact", "clusters", "hnsw"] as const)("has one interface: %s", async (kind) => {
    const index = buildIndex(documents, { kind, dim, metric: "cosine" });
    const first = await index.search(queries, 5);
    const file = path.join(folder, `${kind}.index`);
    expect(index.save(file)).toBe(readFileSync(file).length);
    const loaded = openIndex(file);
    expect([loaded.kind, loaded.size, loaded.dim, loaded.metric]).toEqual([kind, 3000, dim, "cosine"]);
    expect(await loaded.search(queries, 5)).toEqual(first);
    expect(loaded.memoryBytes).toBeGreaterThan(documents.byteLength);
    await loaded.close();
  });

  it.each(["exact", "clusters", "hnsw"] as const)("filters: %s", async (kind) => {
    const spec = kind === "clusters" ? { kind, dim, probes: 10, clusters: 10 } : { kind, dim };
    const index = buildIndex(documents, spec);
    const own = Int32Array.from({ length: 5 }, (_, i) => i);
    const self = await index.search(documents.subarray(0, 5 * dim), 6, { excludePerQuery: own });
    for (let q = 0; q < 5; q++) expect([...self.ids.subarray(q * 6, q * 6 + 6)]).not.toContain(q);
    const keep = [3, 30, 300];
    const few = await index.search(queries, 5, { keep });
    for (let q = 0; q < 40; q++) {
      const found = few.ids.subarray(q * 5, q * 5 + 5);
      expect([...found].sort((a, b) => a - b)).toEqual([-1, -1, 3, 30, 300]);
      expect(found[4]).toBe(-1);
    }
    const all = await index.search(queries, 10);
    const without = await index.search(queries, 5, { exclude: [...new Set(all.ids)] });
    const banned = new Set(all.ids);
    for (const id of without.ids) expect(banned.has(id)).toBe(false);
  });

  it("is refused under another kind's name", () => {
    const file = path.join(folder, "kind.index");
    buildIndex(documents, { kind: "clusters", dim }).save(file);
    expect(() => openIndexFile(file, "hnsw")).toThrow(
      'kind.index: holds an index of kind "clusters", not "hnsw"',
    );
    expect(() => buildIndex(documents, { kind: "tree" as "hnsw", dim })).toThrow(
      'buildIndex: unknown index "tree"; known: exact, clusters, hnsw',
    );
  });
});
