// How long a MiniLM step's graph takes before its first run: written down, opened, and opened again from disk.
//   node --import tsx bench/jit-start.ts [THREADS]
// Each time in a process of its own. 20 s.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { smallArchitecture } from "../lib/encoders/transformer/architecture.js";
import { TransformerEncoder } from "../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../lib/engine/backend.js";
import { GraphCompiler } from "../lib/engine/jit/graph-compiler.js";
import { Random } from "../lib/engine/random/random.js";
import { tokenColumn } from "../lib/features/token-column.js";
import { batchSoftmax } from "../lib/losses/batch-softmax.js";
import { report } from "./goal.js";

interface Started {
  traceMs: number;
  sessionMs: number;
  firstMs: number;
  laterMs: number;
}

const threads = Number(process.argv[2] ?? 1);
const cacheDir = process.argv[3];
if (cacheDir) {
  console.log(JSON.stringify(await start(cacheDir)));
  process.exit(0);
}
const folder = mkdtempSync(path.join(os.tmpdir(), "qdrl-graphs-"));
const run = (): Started => {
  const script = ["--import", "tsx", "bench/jit-start.ts", `${threads}`, folder];
  return JSON.parse(execFileSync(process.execPath, script, { encoding: "utf8" }).trim().split("\n").at(-1)!);
};
const [once, again] = [run(), run()];
rmSync(folder, { recursive: true });
const seconds = ({ traceMs, sessionMs }: Started) => (traceMs + sessionMs) / 1000;
report({
  what: "graph of a MiniLM step: written down and opened",
  ...{ goal: 2, unit: "s", figure: seconds(once) },
  detail: `written down in ${once.traceMs.toFixed(0)} ms, opened in ${once.sessionMs.toFixed(0)}; with the graph on disk ${seconds(again).toFixed(2)} s (opened in ${again.sessionMs.toFixed(0)} ms); the first step ${(once.firstMs / 1000).toFixed(1)} s, a later one ${(once.laterMs / 1000).toFixed(1)}`,
});

async function start(cache: string): Promise<Started> {
  await selectBackend("wasm");
  const random = new Random(1);
  const encoder = new TransformerEncoder(
    {
      architecture: smallArchitecture(30_522, 384, 6),
      ...{ pooling: "mean", normalize: true, sides: "shared" },
      ...{ queryTextFeature: "text", documentTextFeature: "text" },
    },
    random,
  );
  encoder.training = true;
  const column = (length: number) =>
    tokenColumn(
      Array.from({ length: 32 }, () => ({
        ids: Int32Array.from({ length }, () => random.int(30_522)),
        typeIds: new Uint8Array(length),
      })),
    );
  const [queries, documents] = [16, 64].map((length) => ({ size: 32, columns: { text: column(length) } }));
  const loss = batchSoftmax({ temperature: 0.05 });
  const compiler = new GraphCompiler({ threads, cacheDir: cache });
  const weights = Object.values(encoder.weights);
  const step = () => {
    const began = performance.now();
    compiler.variableGrads(
      () => loss(encoder.embedQueries(queries!), encoder.embedDocuments(documents!)).value,
      weights,
    );
    return performance.now() - began;
  };
  const [firstMs, laterMs] = [step(), step()];
  const { traceMs, sessionMs } = compiler.info();
  return { traceMs, sessionMs, firstMs, laterMs };
}
