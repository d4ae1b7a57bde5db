import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRunLog } from "../../lib/cluster/run-log.js";
import { loadPlan, type SweepPlan } from "../../lib/cluster/sweep-plan.js";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { openObjects } from "../../lib/files/objects/open-objects.js";
import { runSweep } from "../../lib/runs/run-sweep.js";
import { tinyDataset } from "../support/tiny-dataset.js";
import { startStore } from "./stores.js";

const KINDS = ["folder", "s3", "gs"] as const;
const WORKERS = 3;
const ROWS = 20;
const EPOCHS = Number(process.env["QDRL_FIRE_EPOCHS"] ?? 400);
/** Kills stop after so long, and what is left is finished in peace. */
const FIRE_MS = Number(process.env["QDRL_FIRE_SECONDS"] ?? 200) * 1000;
const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];

const tiny = tinyDataset();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A checkout of its own: hard links to the code, its own run folders. */
function checkout(name: string): string {
  const folder = path.join(tiny.root, name);
  fs.mkdirSync(folder, { recursive: true });
  execFileSync("cp", ["-al", "lib", "tools", "package.json", "tsconfig.json", folder]);
  fs.symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
  return folder;
}

function qdrl(folder: string, args: string[], env: Record<string, string>, log: string): ChildProcess {
  const out = fs.openSync(log, "a");
  const started = spawn(process.execPath, [path.join(folder, "tools/qdrl.mjs"), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", out, out],
  });
  fs.closeSync(out);
  return started;
}

/** Processes that run in one of our checkouts. */
function processesIn(root: string): number[] {
  return fs.readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return fs.readlinkSync(`/proc/${name}/cwd`).startsWith(root) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Whether a worker has told of an epoch since its log had so many bytes, and of no end after it. */
function trainsSince(log: string, bytes: number): boolean {
  const lines = fs.readFileSync(log).subarray(bytes).toString("utf8").trimEnd().split("\n");
  return / attempt \d+: epoch /.test(lines.at(-1)!);
}

describe.sequential("runs under fire: three workers killed at random moments", () => {
  const file = path.join(tiny.root, "sweep.yaml");
  const alone = path.join(tiny.root, "alone");
  let plan: SweepPlan;
  let passed = 0;

  beforeAll(async () => {
    const seeds = Array.from({ length: ROWS / 2 }, (_, i) => i + 1);
    const set = { num_epochs: EPOCHS, checkpoint_every: 20, output_dir: "reports/runs" };
    const rows = [0.1, 0.2].map((temperature) => ({
      name: `${temperature}`,
      set: { "loss.temperature": temperature },
    }));
    const sweep = { task_id: "fire", title: "under fire", base: tiny.config(), set, seeds, rows };
    fs.writeFileSync(file, JSON.stringify(sweep));
    plan = await loadPlan(file);
    const { failed } = await runSweep(loadSweep(file, [`output_dir=${alone}`]), { workers: 2 });
    expect(failed).toEqual([]);
  }, 1_800_000);

  afterAll(() => {
    if (passed === KINDS.length) fs.rmSync(tiny.root, { recursive: true });
    else console.log(`logs: ${tiny.root}`);
  });

  it.for(KINDS)(
    "ends every row once with the bytes of an undisturbed run, in a store of kind %s",
    { timeout: 3_600_000 },
    async (kind, { task }) => {
      const root = path.join(tiny.root, kind);
      const store = await startStore(kind, root);
      Object.assign(process.env, store.env);
      const objects = await openObjects(store.address);
      const folders = Array.from({ length: WORKERS }, (_, i) => checkout(`${kind}/worker-${i}`));
      const args = ["work", "--store", store.address, "--lease", "6", "--save", "1", "--idle", "30"];
      const start = (i: number) => qdrl(folders[i]!, args, store.env, path.join(root, `worker-${i}.log`));
      const queued = qdrl(
        folders[0]!,
        ["sweep", file, "--queue", "--store", store.address],
        store.env,
        path.join(root, "queue.log"),
      );
      expect(await new Promise((resolve) => queued.once("exit", resolve))).toBe(0);
      const logs = folders.map((_, i) => path.join(root, `worker-${i}.log`));
      const starts = folders.map(() => 0);
      const workers = folders.map((_, i) => start(i));
      const remaining = async () => (await objects.list("queue/")).length;
      const began = performance.now();
      let kills = 0;
      const orphans: number[] = [];
      while (performance.now() - began < FIRE_MS && (await remaining()) > 0) {
        await pause(Math.random() * 3000);
        // one that trains: what is killed while it starts has nothing to lose
        const training = workers.flatMap((_, i) => (trainsSince(logs[i]!, starts[i]!) ? [i] : []));
        const victim = training[Math.floor(Math.random() * training.length)];
        if (victim === undefined) continue;
        workers[victim]!.kill("SIGKILL");
        kills++;
        for (let waited = 0; processesIn(folders[victim]!).length > 0 && waited < 30_000; waited += 100)
          await pause(100);
        orphans.push(...processesIn(folders[victim]!));
        starts[victim] = fs.statSync(logs[victim]!).size;
        workers[victim] = start(victim);
      }
      const underFire = ROWS - (await remaining());
      while ((await remaining()) > 0) await pause(500);
      const seconds = Math.round((performance.now() - began) / 1000);
      for (const worker of workers) worker.kill("SIGTERM");
      for (let waited = 0; processesIn(root).length > 0 && waited < 30_000; waited += 100) await pause(100);
      expect([...orphans, ...processesIn(root)], "no orphan process").toEqual([]);

      const merged = path.join(root, "worker-0");
      const merging = qdrl(
        merged,
        ["sweep", file, "--merge", "--store", store.address],
        store.env,
        path.join(root, "merge.log"),
      );
      expect(await new Promise((resolve) => merging.once("exit", resolve)), "merge").toBe(0);
      let attempts = 0;
      for (const { id } of plan.rows) {
        const keys = (await objects.list(`runs/${id}/attempts/`)).map(({ key }) => key);
        attempts += keys.filter((key) => key.endsWith("/claim")).length;
        const ends = keys.filter((key) => key.endsWith("/end"));
        expect(ends, `${id} ends once`).toHaveLength(1);
        for (const name of RESULTS) {
          const bytes = (folder: string) => fs.readFileSync(path.join(folder, id, name));
          expect(bytes(path.join(merged, "reports/runs")).equals(bytes(alone)), `${id} ${name}`).toBe(true);
        }
        const said = (await readRunLog(objects, id)).map(({ message }) => message);
        const epochs = new Set(said.flatMap((line) => /^epoch (\d+)\//.exec(line)?.[1] ?? []));
        expect(epochs.size, `${id}: every epoch's line is in the log`).toBe(EPOCHS);
      }
      store.stop();
      passed++;
      const figures = `${kills} kills in ${seconds} s, ${underFire} of ${ROWS} rows ended under fire, ${attempts} attempts`;
      console.log(`${kind}: ${figures}`);
      Object.assign(task.meta, { against: [store.against, figures].filter(Boolean).join(": ") });
    },
  );
});
