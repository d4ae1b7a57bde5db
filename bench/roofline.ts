/**
 * The roofline of a fused training step, kernel by kernel, one thread: `node --import tsx bench/roofline.ts [steps] [filter]`, half a
 * minute. Floating-point operations and bytes of table rows come from the kernels' own arguments, times from the fastest tenth of
 * the steps. Ceilings are measured first: multiply-adds of the matrix kernel, copying at three sizes, and the row kernels on
 * rows that stay in the cache (divisions and roots bound them there). Figures: bench/README.md.
 */
import { instantiateKernels, type Kernels } from "../lib/engine/kernels/kernels.js";
import { loadKernelModule } from "../lib/engine/kernels/load.js";
import { type WasmMemory, wasmApi } from "../lib/engine/kernels/web-assembly.js";
import { Random } from "../lib/engine/random/random.js";
import { createFusedTrainer } from "../lib/fused/fused-trainer.js";
import { measureLimit } from "../lib/fused/machine-limit.js";
import { idsOf, zipfPairs } from "./zipf-pairs.js";

const steps = Number(process.argv[2] ?? 300);
const filter = process.argv[3] ?? "";

interface Work {
  flops: number;
  bytes: number;
}

interface Spent extends Work {
  ms: number;
}

type Name = keyof Kernels;

/** What a call does at least, where it is counted. Rows of a table are read and written whole, with their state. */
const works: Partial<Record<Name, (args: number[], memory: WasmMemory) => Work>> = {
  gemm: (a) => ({ flops: 2 * a[8]! * a[9]! * a[10]!, bytes: 0 }),
  softmaxRows: ([, , rows, columns]) => ({ flops: 20 * rows! * columns!, bytes: 0 }),
  bagForward: ([ids, length, size, , , , dim], memory) => {
    const used = new Int32Array(memory.buffer, ids, length! * size!).filter((id) => id !== 0).length;
    return { flops: used * dim!, bytes: 4 * used * dim! };
  },
  sumSpans: ([n, , starts, , , dim], memory) => {
    const at = new Int32Array(memory.buffer, starts, n! + 1);
    const summed = (at[n!]! - at[0]!) * dim!;
    return { flops: summed, bytes: 4 * summed };
  },
  catchUpRows: ([n, , , , stride, dim]) => ({ flops: 9 * n! * dim!, bytes: 2 * n! * stride! }),
  updateRows: (a) => {
    const rows = a[2]! - a[1]!;
    return { flops: 12 * rows * a[11]!, bytes: 2 * rows * a[10]! };
  },
};

/** Kernels of every instance made from now on are timed into this. */
const spent = new Map<Name, Spent>();
const Instance = wasmApi.Instance;
wasmApi.Instance = function timed(
  module: object,
  imports: { env: { memory: WasmMemory; abort: () => void } },
) {
  const { exports } = new Instance(module, imports);
  const wrapped = Object.entries(exports).map(([name, run]) => [
    name,
    (...args: number[]) => {
      const work = works[name as Name]?.(args, imports.env.memory);
      const began = performance.now();
      const result = run(...args);
      const ms = performance.now() - began;
      const sum = spent.get(name as Name) ?? { ms: 0, flops: 0, bytes: 0 };
      sum.ms += ms;
      sum.flops += work?.flops ?? 0;
      sum.bytes += work?.bytes ?? 0;
      spent.set(name as Name, sum);
      return result;
    },
  ]);
  return { exports: Object.fromEntries(wrapped) };
} as unknown as typeof Instance;

/** Seconds of the fastest of 7 runs, after 3. */
function fastest(run: () => void): number {
  const times = Array.from({ length: 10 }, () => {
    const began = performance.now();
    run();
    return performance.now() - began;
  });
  return Math.min(...times.slice(3)) / 1000;
}

/** Rows per second of the row kernels where the rows, 64 of 256 numbers, stay in the cache. */
function rowCeilings(): Record<"catchUpRows" | "updateRows", number> {
  const memory = new wasmApi.Memory({ initial: 32, maximum: 32, shared: false });
  const kernels = instantiateKernels(loadKernelModule("private").module, memory);
  const [rows, dim, stride] = [64, 256, 3072];
  const [ids, ends, bags, factors, gradients, table] = [0, 1024, 2048, 4096, 8192, 262_144];
  new Float32Array(memory.buffer, gradients, rows * dim).fill(0.01);
  new Float32Array(memory.buffer, table, (rows * stride) / 4).fill(0.5);
  new Float32Array(memory.buffer, factors, rows * 7).fill(0.9);
  new Int32Array(memory.buffer, ids, rows).set(Array.from({ length: rows }, (_, i) => i));
  new Int32Array(memory.buffer, bags, rows).set(Array.from({ length: rows }, (_, i) => i));
  new Int32Array(memory.buffer, ends, rows).set(Array.from({ length: rows }, (_, i) => i + 1));
  const rate = (run: () => void) => (100 * rows * dim) / fastest(() => Array.from({ length: 100 }, run));
  return {
    catchUpRows: rate(() => kernels.catchUpRows(rows, ids, factors, table, stride, dim, 0, 0)),
    updateRows: rate(() =>
      kernels.updateRows(
        ...([0, 0, rows, ids, ends, bags, gradients, dim * 4, 0, table, stride, dim] as const),
        ...([1, 0.1, 0.001, 0.01, 1e-8, 0] as const),
      ),
    ),
  };
}

const limits = Array.from({ length: 10 }, () => measureLimit(1)); // other work takes its part of some of them
const limit = {
  flopsPerSecond: Math.max(...limits.map((l) => l.flopsPerSecond)),
  bytesPerSecond: Math.max(...limits.map((l) => l.bytesPerSecond)),
};
const gigabytesPerSecond = (bytes: number): number => {
  const [from, to] = [new Float32Array(bytes / 8).fill(1), new Float32Array(bytes / 8).fill(2)];
  const times = Math.max(1, Math.round(2 ** 27 / bytes));
  return (times * bytes) / fastest(() => Array.from({ length: times }, () => to.set(from))) / 1e9;
};
const rates = rowCeilings();
console.log(
  `multiply-adds ${(limit.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s; copying, read and written, within ` +
    [2 ** 19, 2 ** 23, 2 ** 28]
      .map(
        (b) =>
          `${b >= 2 ** 20 ? `${b / 2 ** 20} MiB` : `${b / 2 ** 10} KiB`} ${gigabytesPerSecond(b).toFixed(0)}`,
      )
      .join(", ") +
    ` GB/s; rows in cache: update ${(rates.updateRows / 1e9).toFixed(2)}, catch-up ${(rates.catchUpRows / 1e9).toFixed(2)} billion numbers/s\n`,
);

const wide = { rows: 200_000, dim: 256, hidden: 128, output: 128, batch: 64, optimizer: "adam" };
const narrow = { ...wide, dim: 128, hidden: 0, batch: 256, optimizer: "lazy_adam" };
const models: [string, typeof wide][] = [
  ["batch 64, exact adam", wide],
  ["batch 64, lazy_adam", { ...wide, optimizer: "lazy_adam" }],
  ["batch 1,024, lazy_adam", { ...wide, batch: 1024, optimizer: "lazy_adam" }],
  ["batch 256, 128-dim, no layers, lazy_adam", narrow],
  ["batch 64, 128-dim, 20,000 rows, exact adam", { ...wide, rows: 20_000, dim: 128 }],
  ["batch 64, 128-dim, 2,000,000 rows, exact adam", { ...wide, rows: 2_000_000, dim: 128 }],
];

for (const [name, model] of models) if (name.includes(filter)) profile(name, model);

function profile(name: string, { rows, dim, hidden, output, batch: size, optimizer }: typeof wide): void {
  const pairs = zipfPairs({ count: 65_536, rows });
  const { trainer, reason } = createFusedTrainer({
    encoderSpec: {
      kind: "TwoTower",
      textEmbedding: { numEmbeddings: rows, embeddingDim: dim },
      hiddenLayers: hidden === 0 ? [] : [hidden],
      lastLinear: hidden !== 0,
      outputDim: output,
      queryTextFeature: "query",
      documentTextFeature: "title",
    },
    lossSpec: { kind: "batch_softmax", temperature: 0.1 } as { kind: string },
    optimizerSpec: { kind: optimizer as "adam", learningRate: 0.01, rowMoments: "float32" },
    ...{ maxBatch: size, queryLength: pairs.length, documentLength: pairs.length },
  });
  if (!trainer) throw new Error(reason);
  const random = new Random(1);
  trainer.initialise((values) => {
    for (let i = 0; i < values.length; i++) values[i] = 0.2 * (random.next() - 0.5);
  });
  const column = (ids: Int32Array) => ({ kind: "text", length: pairs.length, ids });
  const profiles: { whole: number; parts: Map<Name, Spent> }[] = [];
  for (let i = 0; i < steps + 100; i++) {
    const columns = {
      query: column(idsOf(pairs, "queries", i, size)),
      title: column(idsOf(pairs, "documents", i, size)),
    };
    spent.clear();
    const began = performance.now();
    trainer.trainStep({ size, columns }, { size, columns });
    if (i >= 100) profiles.push({ whole: performance.now() - began, parts: new Map(spent) });
  }
  trainer.close();
  profiles.sort((a, b) => a.whole - b.whole);
  const fast = profiles.slice(0, Math.max(1, steps / 10));
  const perPair = (of: (profile: (typeof fast)[0]) => number) =>
    fast.reduce((sum, profile) => sum + of(profile), 0) / fast.length / size;
  const whole = 1000 * perPair((p) => p.whole);
  const lines: { text: string; us: number; least: number }[] = [];
  for (const part of fast[0]!.parts.keys()) {
    const us = 1000 * perPair((p) => p.parts.get(part)?.ms ?? 0);
    const flops = perPair((p) => p.parts.get(part)?.flops ?? 0);
    const bytes = perPair((p) => p.parts.get(part)?.bytes ?? 0);
    const numbers = part === "updateRows" ? flops / 12 : part === "catchUpRows" ? flops / 9 : 0;
    const arithmetic =
      1e6 * (numbers > 0 ? numbers / rates[part as "updateRows"] : flops / limit.flopsPerSecond);
    const memory = (1e6 * bytes) / limit.bytesPerSecond;
    const least = Math.max(arithmetic, memory);
    const bound =
      least === 0 ? "" : `${least.toFixed(2)} by ${memory > arithmetic ? "memory" : "arithmetic"}`;
    const columns = [us.toFixed(2), (flops / 1000).toFixed(1), (bytes / 1000).toFixed(1), bound];
    lines.push({ us, least, text: `| ${part} | ${columns.join(" | ")} |` });
  }
  lines.sort((a, b) => b.us - a.us);
  const least = lines.reduce((sum, line) => sum + line.least, 0);
  const inKernels = lines.reduce((sum, line) => sum + line.us, 0);
  console.log(
    `${name}: ${whole.toFixed(2)} µs a pair (${(1000 / whole).toFixed(1)}k pairs/s), ${least.toFixed(2)} of them bounded: at ${((100 * least) / whole).toFixed(0)} % of the roofline; outside kernels ${(whole - inKernels).toFixed(2)}`,
  );
  console.log("| kernel | µs a pair | kFLOP a pair | kB a pair | at least, µs |\n|---|--:|--:|--:|---|");
  for (const { us, text } of lines) if (us > 0.005 * whole) console.log(text);
  console.log();
}
process.exit(0);
