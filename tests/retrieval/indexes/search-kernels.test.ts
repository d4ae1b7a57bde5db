import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { wasmApi } from "../../../lib/engine/kernels/web-assembly.js";
import { Random } from "../../../lib/engine/random/random.js";
import { KernelMemory } from "../../../lib/retrieval/indexes/kernel-memory.js";
import { paddedDim, QueryBatch } from "../../../lib/retrieval/indexes/query-batch.js";
import { searchKernel, searchModule } from "../../../lib/retrieval/indexes/search-kernel.js";
import { expectKernelsAsBuilt } from "../../support/kernels.js";

describe("the search kernels", () => {
  it("are committed as their sources compile", async () => {
    await expectKernelsAsBuilt("lib/retrieval", [
      "search.wasm",
      "search-fma.wasm",
      "graph.wasm",
      "graph-fma.wasm",
    ]);
  });

  it("give nearly the same products with and without fused multiply-add", () => {
    searchModule(); // turns relaxed SIMD on where it is behind a flag
    const norms = ["search.wasm", "search-fma.wasm"]
      .map((name) => readFileSync(`lib/retrieval/kernels/${name}`))
      .filter((bytes) => wasmApi.validate(bytes))
      .map((bytes) => {
        const memory = new KernelMemory();
        const kernel = searchKernel(memory.memory, new wasmApi.Module(bytes));
        const rows = memory.allocate(64 * 4);
        const out = memory.allocate(16);
        memory.floats(rows, 64).set(Array.from({ length: 64 }, (_, i) => Math.sin(i + 1)));
        kernel.inverseNorms(rows, 1, 64 * 4, out);
        return memory.floats(out, 1)[0]!;
      });
    const exact = 1 / Math.hypot(...Array.from({ length: 64 }, (_, i) => Math.fround(Math.sin(i + 1))));
    // 1e-6 relative: float32 sums of 64 squares
    for (const norm of norms) expect(Math.abs(norm / exact - 1)).toBeLessThan(1e-6);
  });

  const variants = ["search.wasm", "search-fma.wasm"];
  const dims = [3, 8, 24, 32, 40, 64, 72, 136, 1000];
  it.each(variants)("find by codes what a loop over all products finds: %s", (name) => {
    searchModule();
    const bytes = readFileSync(`lib/retrieval/kernels/${name}`);
    if (!wasmApi.validate(bytes)) return; // this Node has no relaxed SIMD
    const memory = new KernelMemory();
    const kernel = searchKernel(memory.memory, new wasmApi.Module(bytes));
    const [N, Q, K] = [203, 7, 9]; // neither whole tiles nor whole groups of four
    for (const dim of dims) {
      const random = new Random(dim);
      // the first rows hold the largest codes of both signs, where sums of 16 bits would run over first
      const extreme = [1, -1, 1, -1];
      const rows = (count: number): Float32Array =>
        Float32Array.from({ length: count * dim }, (_, i) =>
          i < 4 * dim ? extreme[Math.floor(i / dim)]! * (i < 2 * dim ? 1 : 1 - (i % 3)) : random.normal(),
        );
      const [documents, queries] = [rows(N), rows(Q)];
      const mark = memory.mark();
      const width = paddedDim(dim);
      const at = memory.allocate(N * width * 4);
      const [codes, factors, norms, losses] = [N * width, N * 4, N * 4, N * 4].map((n) => memory.allocate(n));
      const region = memory.allocate(QueryBatch.bytes(dim, K, Q));
      const padded = memory.floats(at, N * width).fill(0);
      for (let d = 0; d < N; d++) padded.set(documents.subarray(d * dim, (d + 1) * dim), d * width);
      kernel.encodeRows(at, N, width * 4, 0, codes!, factors!, norms!, losses!);
      const block = {
        rows: at,
        scales: 0,
        codes: { codes: codes!, factors: factors!, norms: norms!, losses: losses! },
        ids: 0,
      };
      const batch = new QueryBatch(kernel, memory.memory, region, dim, K, "dot", Q);
      const [ids, scores] = [new Int32Array(Q * K), new Float32Array(Q * K)];
      batch.load(queries, 0, Q, null, 0);
      batch.scan(block, 0, N, 0, 0);
      batch.take(ids, scores, 0);
      for (let q = 0; q < Q; q++) {
        const products = Array.from({ length: N }, (_, d) => {
          let sum = 0;
          for (let j = 0; j < dim; j++) sum += documents[d * dim + j]! * queries[q * dim + j]!;
          return sum;
        });
        const best = [...products].sort((x, y) => y - x).slice(0, K);
        // 1e-4: float32 sums of up to 1,000 products
        for (let i = 0; i < K; i++) {
          expect(Math.abs(scores[q * K + i]! - best[i]!), `${dim} dimensions, query ${q}`).toBeLessThan(1e-4);
          expect(Math.abs(products[ids[q * K + i]!]! - best[i]!)).toBeLessThan(1e-4);
        }
      }
      memory.release(mark);
    }
  });
});
