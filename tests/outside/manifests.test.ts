import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { uploadPlan, writeJob } from "../../lib/cluster/submit.js";
import { loadPlan, type SweepPlan } from "../../lib/cluster/sweep-plan.js";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { runSweep } from "../../lib/runs/run-sweep.js";
import { tinyDataset } from "../support/tiny-dataset.js";

// What manifests tell machines to run, run here in their order: no cluster is behind it, the command lines and their order are.

const tiny = tinyDataset();
const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];
const wishes = {
  ...{ image: "registry.example/qdrl:1", parallel: 2, hours: 1, retries: 1, claim: "disk" },
  ...{ serviceAccount: null, region: "europe-west4" },
  resources: { cpus: 1, memoryGib: 1, diskGib: 1, gpus: 0, gpuType: null },
};
interface Container {
  args: string[];
}

describe.sequential("what a manifest tells machines to run, run here in its order", () => {
  const alone = path.join(tiny.root, "alone");
  const file = path.join(tiny.root, "sweep.yaml");
  let plan: SweepPlan;
  /** where rows leave their runs; another one for each engine, as machines start with empty disks */
  const runs = path.join(tiny.root, "runs");
  /** what images hold, so that tables are not written into this workspace */
  const app = path.join(tiny.root, "app");

  beforeAll(async () => {
    fs.mkdirSync(app);
    execFileSync("cp", ["-a", "lib", "tools", "package.json", "tsconfig.json", app]);
    fs.symlinkSync(path.resolve("node_modules"), path.join(app, "node_modules"));
    const rows = [0.1, 0.2].map((temperature) => ({
      name: `${temperature}`,
      set: { "loss.temperature": temperature },
    }));
    const set = { num_epochs: 3, output_dir: runs };
    fs.writeFileSync(
      file,
      JSON.stringify({ task_id: "two", title: "two", base: tiny.config(), set, seeds: [1], rows }),
    );
    plan = await loadPlan(file);
    expect((await runSweep(loadSweep(file, [`output_dir=${alone}`]), { workers: 1 })).failed).toEqual([]);
  }, 600_000);
  afterAll(() => fs.rmSync(tiny.root, { recursive: true }));

  /** As the image's entry point does. */
  const qdrl = (args: readonly string[]) =>
    execFileSync(process.execPath, ["tools/qdrl.mjs", ...args], {
      ...{ cwd: app, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
    });
  const expectRows = (tables: string) => {
    for (const row of ["0.1", "0.2"]) expect(tables).toMatch(new RegExp(`\\b${row}\\b`));
    for (const { id } of plan.rows)
      for (const name of RESULTS)
        expect(
          fs.readFileSync(path.join(runs, id, name)).equals(fs.readFileSync(path.join(alone, id, name))),
          `${id} ${name}`,
        ).toBe(true);
    fs.rmSync(runs, { recursive: true });
  };
  /** The written job of an engine, with its plan in a store of its own. */
  const written = async (engine: string) => {
    const store = path.join(tiny.root, `store-${engine}`);
    const folder = path.join(tiny.root, engine);
    writeJob(engine, plan, { ...wishes, store }, folder);
    await uploadPlan(plan, store);
    return (name: string) => parse(fs.readFileSync(path.join(folder, name), "utf8"));
  };

  it("local: the script that qdrl submit writes, as it is", { timeout: 600_000 }, () => {
    const folder = path.join(tiny.root, "local");
    const said = qdrl(["submit", file, "--engine", "local", "--parallel", "2", "-o", folder]);
    expect(said).toMatch(/^2 rows for local: plan\.json, submit\.sh/);
    expectRows(execFileSync("bash", [path.join(folder, "submit.sh")], { cwd: app, encoding: "utf8" }));
  });

  it("kubernetes: a container for each index", { timeout: 600_000 }, async () => {
    const { spec } = (await written("kubernetes"))("job.yaml");
    const [{ args }] = spec.template.spec.containers as [Container];
    for (let index = 0; index < spec.completions; index++)
      qdrl(args.map((word) => word.replace("$(JOB_COMPLETION_INDEX)", String(index))));
    const [, address, , , , , ...store] = args;
    expectRows(qdrl(["sweep", address!, "--merge", ...store]));
  });

  it("argo: data, rows, report", { timeout: 600_000 }, async () => {
    const { spec } = (await written("argo"))("workflow.yaml");
    const templates = new Map<string, { dag?: { tasks: Task[] }; container: Container }>(
      spec.templates.map((template: { name: string }) => [template.name, template]),
    );
    interface Task {
      name: string;
      template: string;
      depends?: string;
      withSequence?: { count: string };
    }
    const done = new Set<string>();
    let printed = "";
    for (let tasks = templates.get(spec.entrypoint)!.dag!.tasks; tasks.length > 0; ) {
      const ready = tasks.find(({ depends = "" }) =>
        [...depends.matchAll(/(\w+)\.Succeeded/g)].every(([, name]) => done.has(name!)),
      )!;
      const { args } = templates.get(ready.template)!.container;
      for (let item = 0; item < Number(ready.withSequence?.count ?? 1); item++)
        printed = qdrl(args.map((word) => word.replace("{{inputs.parameters.index}}", String(item))));
      done.add(ready.name);
      tasks = tasks.filter((task) => task !== ready);
    }
    expect([...done]).toEqual(["data", "rows", "report"]);
    expectRows(printed);
  });

  it("compose: data, queue, workers at a time, report", { timeout: 600_000 }, async () => {
    const { services } = (await written("compose"))("compose.yaml");
    const done = new Set<string>();
    let printed = "";
    while (done.size < 4) {
      const [name, service] = Object.entries<{
        command: string[];
        depends_on?: object;
        deploy?: { replicas: number };
      }>(services).find(
        ([one, { depends_on = {} }]) =>
          !done.has(one) && Object.keys(depends_on).every((other) => done.has(other)),
      )!;
      // idle for a second in place of a minute
      const command = service.command.map((word) => (word === "60" ? "1" : word));
      if (!service.deploy) printed = qdrl(command);
      else {
        const workers = Array.from({ length: service.deploy.replicas }, () =>
          spawn(process.execPath, ["tools/qdrl.mjs", ...command], { cwd: app, stdio: "ignore" }),
        );
        const codes = workers.map((worker) => new Promise((resolve) => worker.once("exit", resolve)));
        expect(await Promise.all(codes)).toEqual([0, 0]);
      }
      done.add(name);
    }
    expect([...done]).toEqual(["data", "queue", "worker", "report"]);
    expectRows(printed);
  });
});
