// Rows whose workers are killed: what a simulation says, and what happens. node_modules/.bin/tsx bench/preemption.ts [rows] [minutes]
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { bestInterval, simulatePreemption } from "../lib/cluster/preemption.js";
import { Random } from "../lib/engine/random/random.js";
import { FolderObjects } from "../lib/files/objects/folder-objects.js";
import { tinyDataset } from "../tests/support/tiny-dataset.js";

const ROWS = Number(process.argv[2] ?? 50);
/** Those that are over by then are counted. */
const MINUTES = Number(process.argv[3] ?? 60);
const EPOCHS = 100;
const INTERVAL = 50;
const WORKERS = 3;
/** Epochs that a worker trains until it is killed, exponentially distributed: how fast the machine is does not matter. */
const MEAN_LIFE = 200;

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

/** Rows under fire: epochs trained over epochs needed, beside the simulation with the same lives. */
async function real(): Promise<void> {
  const tiny = tinyDataset();
  const file = path.join(tiny.root, "sweep.yaml");
  const seeds = Array.from({ length: ROWS }, (_, i) => i + 1);
  const recall = {
    "recall_validation.query_typo_probabilities": [0],
    "recall_validation.every_epochs": EPOCHS,
  };
  const set = { num_epochs: EPOCHS, checkpoint_every: INTERVAL, ...recall };
  const rows = [{ name: "row", set: {} }];
  fs.writeFileSync(file, JSON.stringify({ task_id: "p", title: "p", base: tiny.config(), set, seeds, rows }));
  const store = path.join(tiny.root, "store");
  execFileSync(process.execPath, ["tools/qdrl.mjs", "sweep", file, "--queue", "--store", store]);
  const random = new Random(5);
  const workers = Array.from({ length: WORKERS }, (_, i) => {
    const log = path.join(tiny.root, `log-${i}`);
    return { log, begun: 0, life: 0, child: null as ChildProcess | null };
  });
  const start = (worker: (typeof workers)[number]) => {
    const out = fs.openSync(worker.log, "a");
    worker.begun = fs.fstatSync(out).size;
    worker.life = Math.ceil(-MEAN_LIFE * Math.log(1 - random.next()));
    const args = ["tools/qdrl.mjs", "work", "--store", store, "--lease", "4", "--save", "0.2"];
    worker.child = spawn(process.execPath, args, { stdio: ["ignore", out, out] });
    fs.closeSync(out);
  };
  const epochs = (text: string) =>
    [...text.matchAll(/ (p\/\S+) attempt \d+: epoch \d+\//g)].map(([, id]) => id!);
  const objects = new FolderObjects(store);
  for (const worker of workers) start(worker);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const waiting = async () => (await objects.list("queue/")).map(({ key }) => key.slice("queue/".length));
  let kills = 0;
  let left = await waiting();
  for (let said = left.length; left.length > 0 && seconds() < 60 * MINUTES; left = await waiting()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const worker of workers) {
      const text = fs.readFileSync(worker.log).subarray(worker.begun).toString("utf8");
      if (epochs(text).length < worker.life) continue;
      worker.child!.kill("SIGKILL");
      start(worker);
      kills++;
    }
    if (said - left.length < 5) continue;
    said = left.length;
    console.error(`${said} rows left after ${seconds().toFixed(0)} s, ${kills} kills`);
  }
  for (const { child } of workers) child!.kill("SIGKILL");
  // an attempt trains from where it resumed to the last epoch that it told of, if it was killed some of the next one too
  const open = new Set(left);
  const told = workers
    .flatMap(({ log }) => epochs(fs.readFileSync(log, "utf8")))
    .filter((id) => !open.has(id));
  const done = ROWS - left.length;
  const overhead = told.length / (done * EPOCHS) - 1;
  const model = { work: EPOCHS, meanLife: MEAN_LIFE, interval: INTERVAL, checkpoint: 0, restart: 0 };
  // batches of as many rows as were run: their mean, and how far one such batch may be from it
  const batches = Array.from({ length: 400 }, (_, i) => 100 * simulatePreemption(model, done, new Random(i)));
  const mean = batches.reduce((sum, one) => sum + one, 0) / batches.length;
  const deviation = Math.sqrt(batches.reduce((sum, one) => sum + (one - mean) ** 2, 0) / batches.length);
  console.log(
    `${done} rows of ${EPOCHS} epochs, checkpoint every ${INTERVAL}, killed after ${MEAN_LIFE} epochs in the mean: ${kills} kills in ${seconds().toFixed(0)} s; trained again ${(100 * overhead).toFixed(1)} %, simulated ${mean.toFixed(1)} ± ${deviation.toFixed(1)} %`,
  );
  fs.rmSync(tiny.root, { recursive: true, force: true });
}

simulated();
await real();
