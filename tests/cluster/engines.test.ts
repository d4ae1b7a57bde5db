import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ENGINES, manifestsOf } from "../../lib/cluster/engines/engines.js";
import type { Job } from "../../lib/cluster/engines/job.js";
import { uploadPlan, writeJob } from "../../lib/cluster/submit.js";
import { loadPlan } from "../../lib/cluster/sweep-plan.js";
import { manifestProblems } from "../support/manifest-problems.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const job: Job = {
  name: "temperature",
  plan: "gs://bucket/qdrl/sweeps/temperature.json",
  rows: 15,
  store: "gs://bucket/qdrl",
  image: "registry.example/qdrl:1",
  resources: { cpus: 3, memoryGib: 8, diskGib: 20, gpus: 2, gpuType: "NVIDIA_TESLA_T4" },
  parallel: 4,
  hours: 6,
  retries: 3,
  claim: null,
  serviceAccount: "trainer",
  region: "europe-west4",
};

/** A misspelling in a file of each engine. */
const PLANTED: Record<string, [file: string, from: string, to: string, seen: RegExp]> = {
  local: ["submit.sh", "esac", "esc", /syntax error/],
  slurm: ["rows.sbatch", "--array=", "--arrray=", /sbatch has no option --arrray/],
  kubernetes: ["job.yaml", "backoffLimitPerIndex", "backofLimitPerIndex", /backofLimitPerIndex/],
  argo: ["workflow.yaml", "retryStrategy", "retryStrategi", /retryStrategi/],
  vertex: [
    "row-0003.yaml",
    "restartJobOnWorkerRestart",
    "restartJobOnWorkerRestarts",
    /restartJobOnWorkerRestarts/,
  ],
  compose: ["compose.yaml", "depends_on", "depend_on", /depend_on/],
};

describe("manifests", () => {
  it.each(Object.keys(ENGINES))(
    "of %s keep to the engine's own schema, and a misspelling is seen",
    (name) => {
      for (const one of [
        job,
        { ...job, resources: { ...job.resources, gpus: 0, gpuType: null }, serviceAccount: null },
      ]) {
        for (const [file, text] of Object.entries(manifestsOf(name, one)))
          expect(manifestProblems(file, text), `${name} ${file}`).toEqual([]);
      }
      const [file, from, to, seen] = PLANTED[name]!;
      const text = manifestsOf(name, job)[file]!;
      const planted = text.replace(from, to);
      expect(planted).not.toBe(text);
      expect(manifestProblems(file, planted).join("\n")).toMatch(seen);
    },
  );

  it("ask for what a row needs, so that nodes can be made for it", () => {
    const { spec } = parse(manifestsOf("kubernetes", job)["job.yaml"]!);
    expect(spec).toMatchObject({
      completions: 15,
      parallelism: 4,
      backoffLimitPerIndex: 3,
      maxFailedIndexes: 15,
    });
    const [container] = spec.template.spec.containers;
    expect(container.args).toEqual([
      "sweep",
      job.plan,
      "--row",
      "$(JOB_COMPLETION_INDEX)",
      "--threads",
      "3",
      "--store",
      job.store!,
    ]);
    expect(container.resources).toEqual({
      requests: { cpu: "3", memory: "8Gi", "ephemeral-storage": "20Gi" },
      limits: { memory: "8Gi", "ephemeral-storage": "20Gi", "nvidia.com/gpu": "2" },
    });
    expect(spec.podFailurePolicy.rules.map(({ action }: { action: string }) => action)).toEqual([
      "FailIndex",
      "Ignore",
    ]);
    const row = parse(manifestsOf("vertex", job)["row-0014.yaml"]!);
    expect(row.workerPoolSpecs[0].machineSpec).toEqual({
      machineType: "n1-standard-4",
      acceleratorType: "NVIDIA_TESLA_T4",
      acceleratorCount: 2,
    });
    expect(manifestsOf("slurm", job)["rows.sbatch"]).toContain("#SBATCH --gres=gpu:NVIDIA_TESLA_T4:2\n");
  });

  it("see names that a schema does not: entry points, templates, dependencies, parameters, volumes", () => {
    const text = manifestsOf("argo", job)["workflow.yaml"]!;
    const problems = (from: string, to: string) =>
      manifestProblems("workflow.yaml", text.replace(from, to)).join("\n");
    expect(problems("entrypoint: sweep", "entrypoint: swep")).toMatch(/entrypoint "swep" is no template/);
    expect(problems("template: row", "template: rwo")).toMatch(/template "rwo" is none/);
    expect(problems("depends: data.Succeeded", "depends: dta.Succeeded")).toMatch(
      /depends on "dta", which is none/,
    );
    expect(problems("inputs.parameters.index", "inputs.parameters.indx")).toMatch(/parameter "indx" is none/);
    expect(problems("name: work", "name: wrk")).toMatch(/volume "wrk" is none|volume "work" is none/);
  });

  it("are refused where the job lacks what the engine needs", () => {
    expect(() => manifestsOf("kubernets", job)).toThrow(
      'unknown engine "kubernets", nearest is kubernetes; known: local, slurm, kubernetes, argo, vertex, compose',
    );
    expect(() => manifestsOf("argo", { ...job, image: null })).toThrow(/argo runs containers, needs --image/);
    expect(() => manifestsOf("compose", { ...job, store: null })).toThrow(/compose needs a store/);
    expect(() => manifestsOf("kubernetes", { ...job, store: "/mnt/x" })).toThrow(
      /needs --claim for a store that is a folder/,
    );
    expect(() => manifestsOf("vertex", { ...job, store: "s3://bucket" })).toThrow(
      /must be gs:\/\/bucket\/prefix/,
    );
    const { resources } = job;
    expect(() => manifestsOf("vertex", { ...job, resources: { ...resources, cpus: 97 } })).toThrow(
      /up to 96 CPUs/,
    );
    expect(() => manifestsOf("vertex", { ...job, resources: { ...resources, gpuType: null } })).toThrow(
      /needs --gpu-type/,
    );
  });
});

describe("a submitted plan", () => {
  it("is written beside its manifest, and found by rows where it was uploaded", async () => {
    const tiny = tinyDataset();
    const plan = await loadPlan(tiny.config());
    const store = path.join(tiny.root, "store");
    const folder = path.join(tiny.root, "job");
    const { name: _, plan: __, rows: ___, ...wishes } = job;
    const written = writeJob("kubernetes", plan, { ...wishes, store, claim: "disk" }, folder);
    expect(fs.readdirSync(folder).sort()).toEqual([...written.files].sort());
    expect(fs.statSync(path.join(folder, "submit.sh")).mode & 0o100).toBe(0o100);
    const args: string[] = parse(fs.readFileSync(path.join(folder, "job.yaml"), "utf8")).spec.template.spec
      .containers[0].args;
    expect(await uploadPlan(plan, store)).toBe(args[1]);
    expect(await loadPlan(args[1]!)).toEqual(plan);
    const other = await loadPlan(tiny.config({ learning_rate: 0.5 }));
    expect(await uploadPlan(other, store)).not.toBe(args[1]);
  });
});
