import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { wasmApi } from "../../../lib/engine/kernels/web-assembly.js";
import { Random } from "../../../lib/engine/random/random.js";
import { CodeGraph } from "../../../lib/retrieval/indexes/code-graph.js";
import { exactSearch } from "../../../lib/retrieval/indexes/exact-search.js";
import { graphKernel, graphModule } from "../../../lib/retrieval/indexes/graph-kernel.js";
import { openGraphRegion } from "../../../lib/retrieval/indexes/graph-task.js";
import { HnswIndex } from "../../../lib/retrieval/indexes/hnsw-index.js";
import { KernelMemory } from "../../../lib/retrieval/indexes/kernel-memory.js";

function normals(count: number, dim: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count * dim }, () => random.normal());
}

/** Documents in a fresh memory, encoded by one variant of the kernels. */
function encoded(name: string, documents: Float32Array, dim: number, euclidean: boolean) {
  const memory = new KernelMemory();
  const kernel = graphKernel(
    memory.memory,
    new wasmApi.Module(readFileSync(`lib/retrieval/kernels/${name}`)),
  );
  const [size, codeStride] = [documents.length / dim, Math.ceil(dim / 32) * 32];
  const [rows, codes] = [memory.allocate(documents.byteLength), memory.allocate(size * codeStride)];
  const [factors, biases] = [memory.allocate(size * 4), euclidean ? memory.allocate(size * 4) : 0];
  memory.floats(rows, documents.length).set(documents);
  kernel.encodeDocuments(rows, size, dim * 4, codes, codeStride, factors, biases);
  return { memory, kernel, size, codeStride, rows, codes, factors, biases };
}

const variants = ["graph.wasm", "graph-fma.wasm"];
const usable = (name: string) => {
  graphModule(); // turns relaxed SIMD on where it is behind a flag
  return wasmApi.validate(readFileSync(`lib/retrieval/kernels/${name}`));
};

describe("the kernels of a code graph", () => {
  it("make the same links with and without relaxed SIMD, sums at their largest included", () => {
    for (const [dim, euclidean] of [
      [40, false],
      [64, true],
    ] as const) {
      const documents = normals(400, dim, dim);
      // rows of nothing but the largest codes of one sign, whose 16-bit sums are the largest there are
      documents.fill(1, 0, dim).fill(-1, dim, 2 * dim);
      const links = variants.filter(usable).map((name) => {
        const { memory, kernel, size, ...at } = encoded(name, documents, dim, euclidean);
        const [lowest, above, marks] = [size * 64, size * 4, size].map((n) => memory.allocate(n));
        memory.ints(lowest!, size * 16).fill(-1);
        memory.ints(above!, size).fill(-1);
        const twins = memory.allocate(size * 4);
        memory.ints(twins, size).fill(-1);
        const region = {
          mostExpansion: 50,
          marks: marks!,
          query: 0,
          scratch: memory.allocate(kernel.scratchBytes(at.codeStride, 16, 50)),
        };
        const view = { ...at, lowest: lowest!, above: above!, upper: 0, twins, entry: -1, topLayer: 0 };
        openGraphRegion(
          kernel,
          { ...view, size, dim, metric: "dot", connectivity: 8, stride: dim * 4 },
          region,
        );
        kernel.addDocuments(0, size, memory.allocate(size), 50);
        return [...memory.ints(lowest!, size * 16)];
      });
      expect(links[0]!.filter((id) => id >= 0).length).toBeGreaterThan(400 * 4);
      for (const other of links.slice(1)) expect(other).toEqual(links[0]);
    }
  });

  it.each(variants)("code rows so that nothing is off by more than half a step: %s", (name) => {
    if (!usable(name)) return;
    const dim = 40;
    const documents = normals(20, dim, 3);
    documents.fill(0, 0, dim);
    const { memory, size, codeStride, codes, factors, biases } = encoded(name, documents, dim, true);
    for (let i = 0; i < size; i++) {
      const factor = memory.floats(factors, size)[i]!;
      const row = memory.bytes(codes + i * codeStride, dim);
      let squares = 0;
      for (let d = 0; d < dim; d++) {
        const value = factor * (row[d]! - 64);
        squares += value * value;
        expect(Math.abs(value - documents[i * dim + d]!)).toBeLessThanOrEqual(factor * 0.5001);
      }
      expect(memory.floats(biases, size)[i]!).toBeCloseTo(-squares / 2, 4);
    }
    expect(memory.floats(factors, size)[0]).toBe(0);
  });
});

describe("a graph of codes", () => {
  const dim = 20;
  const documents = normals(1500, dim, 1);
  const queries = normals(30, dim, 2);

  it.each(["cosine", "dot", "euclidean"] as const)(
    "answers as exhaustive search, scores and order, where it considers every document: %s",
    async (metric) => {
      const index = HnswIndex.build(documents, { dim, metric, precision: "int8", expansionSearch: 1500 });
      const exact = exactSearch({ documents, dim, queries, k: 20, metric });
      const found = await index.search(queries, 20);
      expect(found.ids).toEqual(exact.ids);
      // float32 sums of 20 terms in another order
      found.scores.forEach((score, i) => {
        expect(Math.abs(score - exact.scores[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(score)));
      });
    },
  );

  it("scores all that a filter keeps where it keeps few, and finds those", async () => {
    const index = HnswIndex.build(documents, { dim, precision: "int8", expansionSearch: 10 });
    const keep = [7, 70, 700, 1400];
    const exact = exactSearch({ documents, dim, queries, k: 3, keep });
    expect((await index.search(queries, 3, { keep })).ids).toEqual(exact.ids);
    const many = Array.from({ length: 1400 }, (_, i) => i);
    const rest = await index.search(queries, 5, { exclude: many });
    expect(rest.ids).toEqual(exactSearch({ documents, dim, queries, k: 5, exclude: many }).ids);
  });

  it("reaches every one of many equal documents, and those beside them", async () => {
    const repeated = documents.slice(0, 600 * dim);
    for (let i = 1; i < 200; i++) repeated.copyWithin(i * dim, 0, dim);
    const shape = { size: 600, dim, connectivity: 16, expansionAdd: 128, expansionSearch: 64 };
    const graph = CodeGraph.build(repeated, { ...shape, metric: "cosine" }, 1);
    const alike = await graph.ask(repeated.subarray(0, dim), 210);
    expect([...alike.ids.subarray(0, 200)]).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(new Set(alike.ids).size).toBe(210);
    const others = await graph.ask(repeated.subarray(200 * dim), 1);
    expect([...others.ids]).toEqual(Array.from({ length: 400 }, (_, i) => 200 + i));
  });

  it("holds 5 D + 8 M + 14 bytes a document", () => {
    const size = 20_000;
    const shape = { dim: 32, metric: "dot" as const, connectivity: 2, expansionAdd: 1, expansionSearch: 1 };
    const graph = CodeGraph.build(new Float32Array(size * 32), { ...shape, size }, 1);
    const expected = size * (5 * 32 + 8 * 2 + 14);
    expect(graph.memoryBytes / expected).toBeGreaterThan(1);
    expect(graph.memoryBytes / expected).toBeLessThan(1.12); // layers above the lowest, pages, scratch
    const large = { ...shape, size: 30_000_000 };
    expect([CodeGraph.fits({ ...large, size: 10_000_000 }), CodeGraph.fits(large)]).toEqual([true, false]);
    expect(() => CodeGraph.build(new Float32Array(0), large, 1)).toThrow(
      'HnswIndex.build: documents must fit in 4 GiB with precision "int8", got 5.',
    );
  });
});
