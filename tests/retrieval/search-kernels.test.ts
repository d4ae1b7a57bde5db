import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { wasmApi } from "../../lib/engine/kernels/web-assembly.js";
import { KernelMemory } from "../../lib/retrieval/kernel-memory.js";
import { searchKernel, searchModule } from "../../lib/retrieval/search-kernel.js";
import { buildSearchKernels } from "../../tools/build-search-kernels.mjs";

describe("the search kernels", () => {
  it("are committed as their sources compile", async () => {
    const built = (await buildSearchKernels()) as Record<string, Uint8Array>;
    expect(Object.keys(built)).toEqual(["search.wasm", "search-relaxed.wasm"]);
    for (const [name, bytes] of Object.entries(built))
      expect(Buffer.compare(readFileSync(`lib/retrieval/kernels/${name}`), bytes), name).toBe(0);
  });

  it("give nearly the same products with and without fused multiply-add", () => {
    searchModule(); // turns relaxed SIMD on where it is behind a flag
    const norms = ["search.wasm", "search-relaxed.wasm"]
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
});
