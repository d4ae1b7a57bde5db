import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { bm25System } from "../../lib/retrieval/retrievers/bm25-system.js";
import { fusionSystem } from "../../lib/retrieval/retrievers/fusion-system.js";
import { loadSystemConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { runSystem } from "../../lib/runs/run-system.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

describe("runFusion", () => {
  it("answers as one system: weight 1 and 0 give the runs' own rankings, the weights searched serve the validation set best", async () => {
    const tiny = tinyDataset();
    // a second evaluation set, so that weights are not chosen where results are reported
    const manifestOf = await import("../../lib/datasets/manifest.js");
    fs.copyFileSync(
      path.join(tiny.dir, "recall_validation_queries_dataset/queries.json"),
      path.join(tiny.dir, "recall_validation_queries_dataset/validation.json"),
    );
    const set = (name: string, file: string) => ({
      name,
      queriesPath: `recall_validation_queries_dataset/${file}.json`,
      itemsPath: "recall_validation_items_dataset/items.json",
      description: name,
      judgedNegatives: false,
    });
    manifestOf.writeManifest(tiny.dir, {
      name: "tiny",
      builder: { name: "test", version: 1 },
      options: {},
      sources: [],
      licence: "none",
      splitRule: "none",
      notes: [],
      columns: { query: {}, document: {} },
      counts: {},
      evaluationSets: [set("test", "queries"), set("validation", "validation")],
    });
    const dense = await train(loadConfig(tiny.config(), ["num_epochs=1"]), { threads: 1 });
    const file = path.join(tiny.root, "bm25.yaml");
    fs.writeFileSync(
      file,
      `system: bm25\ntask_id: tiny\nrun_id: bm25\ndataset_dir: ${tiny.dir}\noutput_dir: ${tiny.root}/runs\nrecall_validation: {k: [1, 5], query_typo_probabilities: [0]}\n`,
    );
    const lexical = await runSystem(bm25System, loadSystemConfig(bm25System, file));
    const fused = async (id: string, more: string) => {
      const config = path.join(tiny.root, `${id}.yaml`);
      fs.writeFileSync(
        config,
        `system: fusion\ntask_id: tiny\nrun_id: ${id}\noutput_dir: ${tiny.root}/runs\nruns: [${dense.dir}, ${lexical.dir}]\nrecall_validation: {k: [1, 5], query_typo_probabilities: [0]}\n${more}\n`,
      );
      return runSystem(fusionSystem, loadSystemConfig(fusionSystem, config));
    };
    const firsts = (run: typeof dense) =>
      run
        .queries()
        .filter((r) => r.set === "test" && r.typo === 0)
        .map((r) => r.values["MRR@5"]);
    expect(firsts(await fused("one", "weights: [1, 0]"))).toEqual(firsts(dense));
    expect((await fused("zero", "weights: [0, 1]")).queries().every((r) => r.set === "test")).toBe(true);

    const searched = await fused("searched", "measure: MRR@5");
    const mean = (run: typeof dense) => firsts(run).reduce((a, b) => a! + b!, 0)! / firsts(run).length;
    for (const other of [dense, lexical]) expect(mean(searched)).toBeGreaterThanOrEqual(mean(other));
    expect(fs.readFileSync(searched.configFile, "utf8")).toMatch(/^weights:\n {2}- [01]/m);
    expect((await fused("rrf", "kind: reciprocal-rank")).manifest()).toMatchObject({
      kind: "fusion",
      status: "finished",
    });

    await expect(fused("leak", "validation_set: test")).resolves.toBeDefined(); // test is then left out of the report
    const leaking = path.join(tiny.root, "leaking.yaml");
    fs.writeFileSync(
      leaking,
      `system: fusion\ntask_id: tiny\nrun_id: leaking\nruns: [${dense.dir}, ${lexical.dir}]\nvalidation_set: test\nrecall_validation: {sets: [test]}\n`,
    );
    await expect(runSystem(fusionSystem, loadSystemConfig(fusionSystem, leaking))).rejects.toThrow(
      'recall_validation.sets: must not hold the set that weights are chosen on, got "test"',
    );
  });

  it("takes equal weights where no validation set is, and says that they are unchecked", async () => {
    const tiny = tinyDataset();
    const system = (id: string, more: string) => {
      const file = path.join(tiny.root, `${id}.yaml`);
      fs.writeFileSync(
        file,
        `task_id: tiny\nrun_id: ${id}\noutput_dir: ${tiny.root}/runs\nrecall_validation: {k: [1, 5], query_typo_probabilities: [0]}\n${more}\n`,
      );
      return file;
    };
    const runs = [];
    for (const k1 of [0.5, 1.5]) {
      const file = system(`bm25-${k1}`, `system: bm25\ndataset_dir: ${tiny.dir}\nk1: ${k1}`);
      runs.push((await runSystem(bm25System, loadSystemConfig(bm25System, file))).dir);
    }
    const lines: string[] = [];
    const fused = await runSystem(
      fusionSystem,
      loadSystemConfig(fusionSystem, system("both", `system: fusion\nruns: [${runs}]`)),
      { listener: { line: (line) => lines.push(line) } },
    );
    expect(lines).toContain('weights 0.50, 0.50, unchecked: no set "validation" to choose them on');
    expect(loadSystemConfig(fusionSystem, fused.configFile)).toMatchObject({
      kind: "z-score",
      weights: [0.5, 0.5],
    });
    const named = system("named", `system: fusion\nruns: [${runs}]\nvalidation_set: dev`);
    await expect(runSystem(fusionSystem, loadSystemConfig(fusionSystem, named))).rejects.toThrow(
      /validation_set: must be an evaluation set of the runs/,
    );
  });
});
