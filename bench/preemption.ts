// Rows whose workers are killed: what a simulation says, and what happens. node_modules/.bin/tsx bench/preemption.ts [rows]
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { bestInterval, simulatePreemption } from "../lib/cluster/preemption.js";
import { Random } from "../lib/engine/random/random.js";
import { FolderObjects } from "../lib/files/objects/folder-objects.js";
import { tinyDataset } from "../tests/support/tiny-dataset.js";

const ROWS = Number(process.argv[2] ?? 50);
const EPOCHS = 400;
const INTERVAL = 40;
const WORKERS = 3;
/** Between two kills of a worker that trains; what is killed while it starts has nothing to lose. */
const MEAN_KILL_MS = 4000;

/** Overheads of an hour's row by mean life and interval. */
function simulated(): void {
  const model = { work: 3600, checkpoint: 2, restart: 45 };
  const intervals = [30, 60, 120, 300, 900, 3600];
  console.log(`| mean time to kill | best interval | ${intervals.map((s) => `${s} s`).join(" | ")} |`);
  for (const meanLife of [600, 3600, 6 * 3600, 24 * 3600]) {
    const cells = intervals.map((interval) => {
      const overhead = simulatePreemption({ ...model, meanLife, interval }, 1000, new Random(1));
      return `${(100 * overhead).toFixed(1)} %`;
    });
    console.log(
      `| ${meanLife / 60} min | ${bestInterval({ ...model, meanLife }).toFixed(0)} s | ${cells.join(" | ")} |`,
    );
  }
}

/** Rows under fire: epochs trained over epochs needed, beside the simulation with the mean life that was observed. */
async function real(): Promise<void> {
  const tiny = tinyDataset();
  const file = path.join(tiny.root, "sweep.yaml");
  const seeds = Array.from({ length: ROWS }, (_, i) => i + 1);
  const set = {
    num_epochs: EPOCHS,
    checkpoint_every: INTERVAL,
    "recall_validation.query_typo_probabilities": [0],
  };
  const rows = [{ name: "row", set: {} }];
  fs.writeFileSync(file, JSON.stringify({ task_id: "p", title: "p", base: tiny.config(), set, seeds, rows }));
  const store = path.join(tiny.root, "store");
  execFileSync(process.execPath, ["tools/qdrl.mjs", "sweep", file, "--queue", "--store", store]);
  const random = new Random(5);
  const logs = Array.from({ length: WORKERS }, (_, i) => path.join(tiny.root, `log-${i}`));
  const started = logs.map(() => 0);
  const start = (i: number): ChildProcess => {
    const out = fs.openSync(logs[i]!, "a");
    started[i] = fs.fstatSync(out).size;
    const args = ["tools/qdrl.mjs", "work", "--store", store, "--lease", "4", "--save", "0.2"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", out, out] });
    fs.closeSync(out);
    return child;
  };
  const trains = (i: number) => {
    const lines = fs.readFileSync(logs[i]!).subarray(started[i]).toString("utf8").trimEnd().split("\n");
    return lines.at(-1)!.includes(": epoch ");
  };
  const objects = new FolderObjects(store);
  const workers = logs.map((_, i) => start(i));
  const began = performance.now();
  let kills = 0;
  while ((await objects.list("queue/")).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, -MEAN_KILL_MS * Math.log(1 - random.next())));
    const training = workers.flatMap((_, i) => (trains(i) ? [i] : []));
    if (training.length === 0) continue;
    const victim = training[random.int(training.length)]!;
    workers[victim]!.kill("SIGKILL");
    workers[victim] = start(victim);
    kills++;
  }
  for (const worker of workers) worker.kill("SIGKILL");
  const seconds = (performance.now() - began) / 1000;
  // an attempt trains from where it resumed to the last epoch that it told of, if it was killed some of the next one too
  const trained =
    logs
      .map((log) => fs.readFileSync(log, "utf8"))
      .join("")
      .match(/: epoch \d+\/\d+/g)?.length ?? 0;
  const attempts = (await objects.list("runs/")).filter(({ key }) => key.endsWith("/claim")).length;
  const interrupted = attempts - ROWS;
  const overhead = trained / (ROWS * EPOCHS) - 1;
  const meanLife = trained / Math.max(1, interrupted);
  const model = { work: EPOCHS, meanLife, interval: INTERVAL, checkpoint: 0, restart: 0 };
  const expected = simulatePreemption(model, 20_000, new Random(1));
  console.log(
    `${ROWS} rows of ${EPOCHS} epochs, checkpoint every ${INTERVAL}: ${kills} kills in ${seconds.toFixed(0)} s, ${interrupted} attempts interrupted, ${meanLife.toFixed(0)} epochs between; trained again ${(100 * overhead).toFixed(1)} %, simulated ${(100 * expected).toFixed(1)} %`,
  );
  fs.rmSync(tiny.root, { recursive: true, force: true });
}

simulated();
await real();
