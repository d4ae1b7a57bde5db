/**
 * CPU time of a training step, loop and callbacks included, of this checkout against another one, alternating:
 * `npx tsx bench/train-loop.ts OTHER_CHECKOUT [rounds] [batch]`. Both train their configs/emoji/baseline.yaml in
 * fused steps on one thread; what one epoch costs more than none is left out by the difference of two runs.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { median } from "./measure.js";

const script = fileURLToPath(import.meta.url);
const here = path.resolve(script, "../..");
const EPOCHS = 6;

/** Microseconds of CPU time, user and system, of a step of the checkout that is the working directory. */
async function cpuPerStep(batch: string): Promise<number> {
  const load = (file: string) => import(pathToFileURL(path.resolve(file)).href);
  const { loadConfig } = await load("lib/experiment/load-config.ts");
  const { train } = await load("lib/training/train.ts");
  const out = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-loop-"));
  const run = async (id: string, epochs: number) => {
    const config = loadConfig("configs/emoji/baseline.yaml", [
      ...[`output_dir=${out}`, `run_id=${id}`, `num_epochs=${epochs}`, `batch_size=${batch}`],
      ...["engine=fused", "recall_validation.enabled=false", "checkpoint_every=100"],
    ]);
    const before = process.cpuUsage();
    const folder = await train(config, { threads: 1, listener: {} });
    const { user, system } = process.cpuUsage(before);
    const steps: number = folder.metrics().at(-1).step;
    return { cpu: user + system, steps };
  };
  await run("warm", 2);
  const [short, long] = [await run("short", 1), await run("long", 1 + EPOCHS)];
  fs.rmSync(out, { recursive: true });
  return (long.cpu - short.cpu) / (long.steps - short.steps);
}

const [first, roundsOrBatch = "5", batch = "64"] = process.argv.slice(2);
if (first === undefined) throw new Error("bench/train-loop: another checkout must be named, got none");
if (first === "--run") {
  console.log(JSON.stringify(await cpuPerStep(roundsOrBatch)));
  process.exit(0);
}
const ratios: number[] = [];
const costs: [number[], number[]] = [[], []];
for (let round = 0; round < Number(roundsOrBatch); round++) {
  const order = round % 2 === 0 ? [0, 1] : [1, 0];
  for (const side of order) {
    const output = execFileSync(process.execPath, ["--import", "tsx", script, "--run", batch], {
      cwd: side === 0 ? here : path.resolve(first),
      encoding: "utf8",
    });
    costs[side]!.push(JSON.parse(output.trim().split("\n").at(-1)!));
  }
  ratios.push(costs[0].at(-1)! / costs[1].at(-1)!);
}
const range = (all: number[], digits: number) =>
  `${median(all).toFixed(digits)} (${Math.min(...all).toFixed(digits)} – ${Math.max(...all).toFixed(digits)})`;
console.log(
  `batch ${batch}, µs of CPU time a step: ${range(costs[0], 0)} here, ${range(costs[1], 0)} there; ratio ${range(ratios, 3)}`,
);
