import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { runSweep } from "../../lib/runs/run-sweep.js";
import { tinyDataset } from "../support/tiny-dataset.js";
import { debian } from "./places.js";
import { startSlurm } from "./slurm.js";

const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The process of a row, once it trains: its checkpoints are there. */
async function trainingOf(row: string, folder: string): Promise<number> {
  for (const began = performance.now(); performance.now() - began < 300_000; await pause(50)) {
    if (!fs.existsSync(path.join(folder, "checkpoints"))) continue;
    for (const name of fs.readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      let words: string[] = [];
      try {
        words = fs.readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      } catch {}
      if (words[1]?.endsWith("qdrl.mjs") && words[words.indexOf("--row") + 1] === row) return Number(name);
    }
  }
  throw new Error(`row ${row} never trained`);
}

it("Slurm runs a sweep's rows, one killed among them, and then their tables", async ({ task }) => {
  const versions = await debian("slurm-wlm", "munge");
  Object.assign(task.meta, { against: versions.join(", ") });
  const tiny = tinyDataset();
  const file = path.join(tiny.root, "sweep.yaml");
  const set = { num_epochs: 400, checkpoint_every: 20 };
  const rows = [0.1, 0.2].map((t) => ({ name: `${t}`, set: { "loss.temperature": t } }));
  fs.writeFileSync(
    file,
    JSON.stringify({ task_id: "s", title: "on Slurm", base: tiny.config(), set, seeds: [1, 2], rows }),
  );
  const alone = path.join(tiny.root, "alone");
  expect((await runSweep(loadSweep(file, [`output_dir=${alone}`]))).failed).toEqual([]);
  const slurm = await startSlurm(path.join(tiny.root, "slurm"));
  const env = { ...process.env, ...slurm.env };
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { env, encoding: "utf8" });
  try {
    const job = path.join(tiny.root, "job");
    const resources = ["--cpus", "1", "--memory", "1", "--disk", "1", "--parallel", "2", "--hours", "1"];
    const out = ["--output", job];
    run(process.execPath, "tools/qdrl.mjs", "submit", file, "--engine", "slurm", ...resources, ...out);
    // tables and logs go into the test's folder, not into the workspace
    const script = fs.readFileSync(path.join(job, "merge.sbatch"), "utf8");
    fs.writeFileSync(
      path.join(job, "merge.sbatch"),
      script.replace(" --merge", ` --merge -o ${tiny.root}/tables`),
    );
    run("bash", path.join(job, "submit.sh"));
    const runs = path.join(tiny.root, "runs/s");
    process.kill(await trainingOf("1", path.join(runs, "0.2-seed1")), "SIGKILL");
    for (const began = performance.now(); run("squeue", "--noheader").trim() !== ""; await pause(1000))
      if (performance.now() - began > 900_000) throw new Error(run("squeue"));
    for (const id of ["0.1-seed1", "0.2-seed1", "0.1-seed2", "0.2-seed2"])
      for (const name of RESULTS) {
        const bytes = (folder: string) => fs.readFileSync(path.join(folder, name));
        expect(bytes(path.join(runs, id)).equals(bytes(path.join(alone, "s", id))), `${id} ${name}`).toBe(
          true,
        );
      }
    expect(fs.readFileSync("s-1.log", "utf8")).toMatch(/going on after \d+ epochs/);
    expect(fs.readdirSync(path.join(tiny.root, "tables"))).toHaveLength(3);
  } finally {
    slurm.stop();
    for (const name of ["s-0.log", "s-1.log", "s-2.log", "s-3.log", "s-merge.log"])
      fs.rmSync(name, { force: true });
  }
  fs.rmSync(tiny.root, { recursive: true });
});
