import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { instantiateKernels, type Kernels } from "../../lib/engine/kernels/kernels.js";
import { loadKernelModule } from "../../lib/engine/kernels/load.js";
import { wasmApi } from "../../lib/engine/kernels/web-assembly.js";
import { Random } from "../../lib/engine/random/random.js";
import { expectKernelsAsBuilt } from "../support/kernels.js";

const memory = new wasmApi.Memory({ initial: 64, maximum: 64, shared: false });
const all = new Float32Array(memory.buffer);

/** Both variants, so that a machine with fused multiply-add still tests the one without. */
const variants: [string, () => Kernels][] = [
  [
    "plain",
    () => instantiateKernels(new wasmApi.Module(readFileSync("lib/engine/kernels/private.wasm")), memory),
  ],
  ["chosen", () => instantiateKernels(loadKernelModule("private").module, memory)],
];

describe("committed kernels", () => {
  it("are what the sources compile to", async () => {
    const names = ["private.wasm", "private-fma.wasm", "shared.wasm", "shared-fma.wasm"];
    await expectKernelsAsBuilt("lib/engine", names);
  });
});

describe.each(variants)("kernels, %s", (_, make) => {
  const k = make();

  it("gemm equals the obvious loops for any shape and both orders of either matrix", () => {
    const random = new Random(1);
    for (let trial = 0; trial < 60; trial++) {
      const [m, n] = [1 + random.int(20), 1 + random.int(30)];
      const depth = trial % 10 === 0 ? 250 + random.int(300) : 1 + random.int(40);
      const [turnA, turnB, add] = [random.int(2), random.int(2), random.int(2)];
      const [a, b, c, panel] = [0, 40_000, 80_000, 120_000];
      for (let i = 0; i < 120_000; i++) all[i] = random.normal();
      const before = all.slice(c, c + m * n);
      const [ars, aks] = turnA ? [4, m * 4] : [depth * 4, 4];
      const [bks, bcs] = turnB ? [4, depth * 4] : [n * 4, 4];
      k.gemm(a * 4, ars, aks, b * 4, bks, bcs, c * 4, n * 4, m, n, depth, panel * 4, add);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = add ? before[i * n + j]! : 0;
          for (let l = 0; l < depth; l++)
            sum += all[a + (i * ars + l * aks) / 4]! * all[b + (l * bks + j * bcs) / 4]!;
          // float32 sums of up to 550 products of size one: some 1e-6 each way
          expect(Math.abs(all[c + i * n + j]! - sum)).toBeLessThan(1e-4);
        }
      expect(all[c + m * n]).toBe(all.slice(c + m * n, c + m * n + 1)[0]);
    }
  });

  it("no kernel writes outside its output", () => {
    const random = new Random(2);
    const guard = 16;
    const untouched = (at: number, size: number, run: () => void) => {
      all.fill(777, at - guard, at + size + guard);
      run();
      for (let i = 1; i <= guard; i++) expect([all[at - i], all[at + size + i - 1]]).toEqual([777, 777]);
    };
    for (let trial = 0; trial < 40; trial++) {
      const [m, n] = [1 + random.int(12), 1 + random.int(23)];
      for (let i = 0; i < 4000; i++) all[i] = random.normal();
      untouched(50_000, m * n, () => k.gemm(0, 40, 4, 4000, n * 4, 4, 200_000, n * 4, m, n, 10, 300_000, 0));
      untouched(50_000, n, () => k.columnSums(0, n * 4, m, n, 200_000));
      untouched(50_000, m * n, () => k.unitRows(0, 200_000, 320_000, m, n));
      untouched(50_000, m * n, () => k.reluBackward(0, 8000, 200_000, m * n));
      untouched(50_000, m * n, () => k.biasAct(200_000, n * 4, 0, m, n, 1));
      const wide = (n + 3) & ~3;
      const rows = Math.min(m, n);
      untouched(50_000, rows * wide, () => {
        all.fill(0.5, 50_000, 50_000 + rows * wide);
        k.softmaxRows(200_000, wide * 4, rows, n, 0, 10, 1, 320_000);
      });
      untouched(50_000, m * wide, () => {
        const ints = new Int32Array(memory.buffer);
        ints.set(
          Array.from({ length: m + 1 }, (_, i) => 2 * i),
          80_000,
        );
        ints.set(
          Array.from({ length: 2 * m }, () => random.int(20)),
          81_000,
        );
        k.sumSpans(m, 324_000, 320_000, 0, wide * 4, wide, 0, 200_000, wide * 4);
      });
      untouched(50_000, 8, () => k.bagForward(0, 0, 1, 0, 0, 0, 8, 200_000, 32, 320_000));
    }
  });

  it("sumSpans sums the listed rows of each span, empty ones to zero, times a factor if there are any", () => {
    const random = new Random(3);
    const ints = new Int32Array(memory.buffer);
    for (let trial = 0; trial < 30; trial++) {
      const [n, dim, stride] = [1 + random.int(9), 4 * (1 + random.int(24)), 100];
      const [rows, starts, ids, factors, out] = [0, 5000, 5100, 6000, 7000];
      for (let i = 0; i < 30 * stride; i++) all[rows + i] = random.normal();
      const lists = Array.from({ length: n }, () =>
        Array.from({ length: random.int(8) }, () => random.int(30)),
      );
      const first = random.int(3); // spans need not begin at the list's begin
      ints.set([first], starts);
      lists.forEach((list, u) => {
        ints.set(list, ids + ints[starts + u]!);
        ints[starts + u + 1] = ints[starts + u]! + list.length;
        all[factors + u] = random.normal();
      });
      for (const at of [0, factors]) {
        k.sumSpans(n, ids * 4, starts * 4, rows * 4, stride * 4, dim, at * 4, out * 4, (dim + 4) * 4);
        lists.forEach((list, u) => {
          for (let d = 0; d < dim; d++) {
            const sum = list.reduce((s, id) => s + all[rows + id * stride + d]!, 0);
            const want = at === 0 ? sum : sum * all[factors + u]!;
            // float32 sums of up to seven numbers of size one
            expect(Math.abs(all[out + u * (dim + 4) + d]! - want)).toBeLessThan(1e-5);
          }
        });
      }
    }
  });

  it("softmaxRows is the softmax to float32 rounding, also for huge and tiny differences", () => {
    const rows = [
      [0, -1, -2, -3, -4],
      [0.001, 0, 0, 0, 0],
      [30, -30, 5, 0, 1],
      [-87, 0, -200, 3, 1],
    ];
    rows.forEach((row, own) => {
      all.set(row, 1000);
      k.softmaxRows(4000, 32, 1, 5, own, 1, 1, 8000);
      const top = Math.max(...row);
      const sum = row.reduce((s, x) => s + Math.exp(x - top), 0);
      const loss = Math.log(all[2000]!) + all[2001]!;
      expect(Math.abs(loss - (Math.log(sum) + top - row[own]!))).toBeLessThan(1e-6 * Math.max(1, loss));
      row.forEach((x, j) => {
        const want = Math.exp(x - top) / sum - (j === own ? 1 : 0);
        expect(Math.abs(all[1000 + j]! - want)).toBeLessThan(3e-7);
      });
    });
  });
});
