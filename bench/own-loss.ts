// A loss in tfjs ops on two bag towers at batch 64: by graphs and by tfjs, against the fused step, in alternating rounds.
//   node --import tsx bench/own-loss.ts [ROUNDS] [SECONDS]
// 200,000 rows of 256, hidden 128, output 128, exact Adam, one thread; each run in a process of its own. About 70 s.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { Alternation, report } from "./goal.js";
import { zipfPairs } from "./zipf-pairs.js";

const rounds = Number(process.argv[2] ?? 4);
const seconds = Number(process.argv[3] ?? 3);
const rows = 200_000;
const folder = ".cache/bench";
mkdirSync(folder, { recursive: true });
const pairs = zipfPairs({ count: 131_072, rows });
for (const side of ["queries", "documents"] as const) {
  const { buffer, byteOffset, byteLength } = pairs[side];
  writeFileSync(`${folder}/${side}-${rows}.i32`, new Uint8Array(buffer, byteOffset, byteLength));
}
const shape = { length: pairs.length, rows, dim: 256, hidden: 128, output: 128, batch: 64 };
const files = { queries: `${folder}/queries-${rows}.i32`, documents: `${folder}/documents-${rows}.i32` };

/** Milliseconds a step: of wall time, of processor time, and the fastest four in a row. */
function run(engine: string): { wall: number; cpu: number; best: number } {
  const options = { ...shape, ...files, path: engine, optimizer: "adam", threads: 1, seconds };
  const script = ["--import", "tsx", "bench/train-run.ts", JSON.stringify(options)];
  const line = execFileSync(process.execPath, script, { encoding: "utf8" }).trim().split("\n").at(-1)!;
  const { pairsPerSecond, pairsPerCpuSecond, best } = JSON.parse(line);
  return { wall: 64_000 / pairsPerSecond, cpu: 64_000 / pairsPerCpuSecond, best: 64_000 / best };
}

const figures = { jit: [new Alternation(), new Alternation()], tfjs: [new Alternation(), new Alternation()] };
const fastest = {
  jit: Number.POSITIVE_INFINITY,
  tfjs: Number.POSITIVE_INFINITY,
  fused: Number.POSITIVE_INFINITY,
};
for (let round = 0; round < rounds; round++) {
  const fused = run("fused");
  fastest.fused = Math.min(fastest.fused, fused.best);
  for (const engine of ["jit", "tfjs"] as const) {
    const own = run(engine);
    fastest[engine] = Math.min(fastest[engine], own.best);
    figures[engine][0]!.add(own.wall, fused.wall);
    figures[engine][1]!.add(own.cpu, fused.cpu);
  }
}
for (const engine of ["tfjs", "jit"] as const) {
  const [wall, cpu] = figures[engine] as [Alternation, Alternation];
  report({
    what: `a loss in tfjs ops on bag towers at batch 64, engine ${engine}, against the fused step, 1 thread`,
    ...{ goal: 0.8, unit: "×", figure: wall.ratio },
    detail: `${wall.detail("ms a step")}; by CPU time ${cpu.ratio.toFixed(2)} ×; fastest steps ${(fastest.fused / fastest[engine]).toFixed(2)} ×`,
  });
}
