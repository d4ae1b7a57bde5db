/**
 * Training speed against PyTorch on the same generated Zipf pairs, alternating: `npx tsx bench/train.ts [rounds]
 * [seconds per run] [only rows matching this text]`. Method and figures: bench/README.md.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { median } from "./measure.js";
import { zipfPairs } from "./zipf-pairs.js";

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 4);
const filter = process.argv[4] ?? "";
const folder = ".cache/bench";
const python = process.env.QDRL_TORCH_PYTHON ?? "/usr/bin/python3";

interface Figure {
  pairsPerSecond: number;
  pairsPerCpuSecond: number;
  best: number;
  /** of what arithmetic and memory allow; own fused runs only */
  shareOfLimit?: number;
}

/** `twice`: two processes at once that share nothing but the machine, added up */
type Run = { kind: "torch" | "own" | "twice"; options: Record<string, unknown> };

const run = promisify(execFile);

function filesFor(rows: number): { queries: string; documents: string; length: number; rows: number } {
  const pairs = zipfPairs({ count: 131_072, rows });
  const write = (side: "queries" | "documents") => {
    const path = `${folder}/${side}-${rows}.i32`;
    const ids = pairs[side];
    writeFileSync(path, new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
    return path;
  };
  return { queries: write("queries"), documents: write("documents"), length: pairs.length, rows };
}

/**
 * PyTorch's threads and OpenBLAS' are two pools that get into each other's way; which setting is best depends on the
 * machine, so a run on several threads is that of the best of these.
 */
const torchSettings = [
  { OMP_WAIT_POLICY: "active", blas: "all" },
  { OMP_WAIT_POLICY: "passive", blas: "all" },
  { OMP_WAIT_POLICY: "active", blas: "1" },
];

async function execute({ kind, options }: Run): Promise<Figure | null> {
  const json = JSON.stringify({ seconds, ...options });
  const own = () => figureOf(process.execPath, ["--import", "tsx", "bench/train-run.ts", json], {});
  if (kind === "own") return own();
  if (kind === "twice") {
    const [one, other] = await Promise.all([own(), own()]);
    if (!one || !other) return null;
    return {
      pairsPerSecond: one.pairsPerSecond + other.pairsPerSecond,
      pairsPerCpuSecond: (one.pairsPerCpuSecond + other.pairsPerCpuSecond) / 2,
      best: one.best + other.best,
    };
  }
  const threads = String(options.threads);
  const settings = options.threads === 1 ? torchSettings.slice(0, 1) : torchSettings;
  const figures: Figure[] = [];
  for (const { blas, ...environment } of settings) {
    const OPENBLAS_NUM_THREADS = blas === "all" ? threads : blas;
    const figure = await figureOf(python, ["bench/train_torch.py", json], {
      ...environment,
      OPENBLAS_NUM_THREADS,
    });
    if (figure) figures.push(figure);
  }
  return figures.sort((a, b) => b.pairsPerSecond - a.pairsPerSecond)[0] ?? null;
}

async function figureOf(
  program: string,
  parameters: string[],
  environment: Record<string, string>,
): Promise<Figure | null> {
  try {
    const { stdout } = await run(program, parameters, { env: { ...process.env, ...environment } });
    return JSON.parse(stdout.trim().split("\n").at(-1)!);
  } catch (error) {
    const message = String((error as { stderr?: string }).stderr || error);
    console.log(`  did not run: ${message.trim().split("\n").at(-1)}`);
    return null;
  }
}

function torchMissing(): string | null {
  try {
    execFileSync(python, ["-c", "import numpy, torch"], { stdio: "pipe" });
    return null;
  } catch {
    return `PyTorch rows skipped: ${python} cannot import torch (Debian: apt-get install python3-torch libopenblas0-pthread)`;
  }
}

mkdirSync(folder, { recursive: true });
const standard = { ...filesFor(200_000), dim: 256, hidden: 128, output: 128, batch: 64, threads: 2 };
const narrow = { dim: 128, hidden: 0, output: 128 };
const half = { moments: "bfloat16" };
const own = (options: object): Run => ({
  kind: "own",
  options: { ...standard, path: "fused", optimizer: "adam", ...options },
});
const torch = (options: object): Run => ({
  kind: "torch",
  options: { ...standard, mode: "sparse", ...options },
});
const comparisons: [string, Run, Run][] = [
  ["batch 64, against the published PyTorch (dense Adam)", own({}), torch({ mode: "dense" })],
  [
    "batch 64, exact adam, against the published PyTorch, 1 thread each",
    own({ threads: 1 }),
    torch({ mode: "dense", threads: 1 }),
  ],
  ["batch 64, exact adam, against PyTorch SparseAdam", own({}), torch({})],
  ["batch 64, lazy_adam, against PyTorch SparseAdam", own({ optimizer: "lazy_adam" }), torch({})],
  ["batch 64, lazy_adam, 1 thread each", own({ optimizer: "lazy_adam", threads: 1 }), torch({ threads: 1 })],
  [
    "batch 1,024, lazy_adam, against PyTorch SparseAdam",
    own({ batch: 1024, optimizer: "lazy_adam" }),
    torch({ batch: 1024 }),
  ],
  [
    "batch 256, 128-dim, no layers, lazy_adam, against SparseAdam",
    own({ ...narrow, batch: 256, optimizer: "lazy_adam" }),
    torch({ ...narrow, batch: 256 }),
  ],
  [
    "batch 1,024, lazy_adam, 1 thread each",
    own({ batch: 1024, optimizer: "lazy_adam", threads: 1 }),
    torch({ batch: 1024, threads: 1 }),
  ],
  [
    "batch 256, 128-dim, no layers, lazy_adam, 1 thread each",
    own({ ...narrow, batch: 256, optimizer: "lazy_adam", threads: 1 }),
    torch({ ...narrow, batch: 256, threads: 1 }),
  ],
  [
    "batch 64, loss in tfjs ops against the fused step, 1 thread",
    own({ path: "tfjs", threads: 1 }),
    own({ threads: 1 }),
  ],
  [
    "batch 64, loss in tfjs ops by graphs against the fused step, 1 thread",
    own({ path: "jit", threads: 1 }),
    own({ threads: 1 }),
  ],
  ["batch 64, 2 threads against 1", own({}), own({ threads: 1 })],
  [
    "batch 64, two runs of 1 thread at once against one: what the machine gives two threads",
    { ...own({ threads: 1 }), kind: "twice" },
    own({ threads: 1 }),
  ],
  ["batch 64, exact adam against lazy_adam, 2 threads", own({}), own({ optimizer: "lazy_adam" })],
  ["batch 64, bfloat16 moments against float32, 1 thread", own({ ...half, threads: 1 }), own({ threads: 1 })],
  ["batch 64, bfloat16 moments against float32, 2 threads", own(half), own({})],
  [
    "batch 256, 128-dim, no layers, lazy_adam, bfloat16 moments against float32, 1 thread",
    own({ ...narrow, ...half, batch: 256, optimizer: "lazy_adam", threads: 1 }),
    own({ ...narrow, batch: 256, optimizer: "lazy_adam", threads: 1 }),
  ],
];
if ("128-dim: 2,000,000 rows against 20,000, bfloat16 moments".includes(filter)) {
  const [large, small] = [filesFor(2_000_000), filesFor(20_000)].map((files) => ({ ...files, dim: 128 }));
  comparisons.push(
    ["batch 64, 128-dim: 2,000,000 rows against 20,000", own(large!), own(small!)],
    [
      "batch 64, 128-dim: 2,000,000 rows against 20,000, bfloat16 moments",
      own({ ...large, ...half }),
      own({ ...small, ...half }),
    ],
  );
}
const missing = torchMissing();
if (missing) console.log(missing);
console.log(
  `${rounds} alternating rounds of ${seconds} s; pairs/s: median (min – max) of each side, then ratios\n`,
);
for (const [name, first, second] of comparisons) {
  if (!name.includes(filter) || (missing && second.kind === "torch")) continue;
  const sides: [Figure[], Figure[]] = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const [i, side] of [first, second].entries()) {
      const figure = await execute(side);
      if (figure) sides[i]!.push(figure);
    }
  if (sides.some((figures) => figures.length === 0)) continue;
  const ratio = (key: "pairsPerSecond" | "best" | "pairsPerCpuSecond") =>
    (median(sides[0].map((f) => f[key])) / median(sides[1].map((f) => f[key]))).toFixed(2);
  const show = (figures: Figure[]) => {
    const rates = figures.map((f) => f.pairsPerSecond);
    const [low, high] = [Math.min(...rates), Math.max(...rates)];
    const whole = (x: number) => (x < 1000 ? x.toFixed(0) : `${(x / 1000).toFixed(1)}k`);
    return `${whole(median(rates))} (${whole(low)} – ${whole(high)})`;
  };
  const shares = sides[0].flatMap(({ shareOfLimit }) => shareOfLimit ?? []);
  const share = shares.length > 0 ? `; at ${(100 * median(shares)).toFixed(0)} % of the limit` : "";
  console.log(
    `${name}\n  ${show(sides[0])} against ${show(sides[1])}: × ${ratio("pairsPerSecond")}; fastest steps × ${ratio("best")}; per CPU second × ${ratio("pairsPerCpuSecond")}${share}`,
  );
}
