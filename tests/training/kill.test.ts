import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import type { ExperimentConfig } from "../../lib/experiment/schema.js";
import { train } from "../../lib/training/train.js";
import { dyingAt } from "../support/dying-at.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

const runOf = (id: string, overrides: string[]) => loadConfig(tiny.config(), [...overrides, `run_id=${id}`]);
const folderOf = (id: string) => path.join(tiny.root, "runs", "tiny", id);

function expectSameResults(id: string, whole: string, what: string): void {
  for (const file of RESULTS) {
    const [got, wanted] = [id, whole].map((name) => fs.readFileSync(path.join(folderOf(name), file)));
    expect(got!.equals(wanted!), `${file}, ${what}`).toBe(true);
  }
}

describe("a run killed without warning", () => {
  it("ends with the same bytes as one never interrupted, whichever write was its last", async () => {
    const overrides = [
      "num_epochs=4",
      "keep_checkpoints=2",
      "recall_validation.query_typo_probabilities=[0]",
    ];
    const go = (config: ExperimentConfig) => train(config, { threads: 1 });
    await go(runOf("run-0", overrides));
    const second = runOf("run-1", overrides);
    const writes = await dyingAt(Infinity, () => go(second)); // the folder of all runs is there, as for those below
    const kinds = [...new Set(writes)];
    for (const kind of ["openSync .manifest", "renameSync .epoch", "appendFileSync metrics", "rmSync epoch"])
      expect(
        kinds.some((name) => name.startsWith(kind)),
        `${kind} in ${kinds.join(", ")}`,
      ).toBe(true);
    for (const [number, kind] of kinds.entries()) {
      const places = writes.flatMap((name, place) => (name === kind ? [place] : []));
      const id = `run-${number + 2}`;
      const config = runOf(id, overrides);
      await dyingAt(places[places.length >> 1]!, () => go(config));
      await go(config);
      expectSameResults(id, "run-0", kind);
      const checkpoints = fs.readdirSync(path.join(folderOf(id), "checkpoints")).sort();
      // the last act of a run is to remove a checkpoint: it stays when that does not come
      if (kind === "rmSync epoch-#.safetensors")
        expect(checkpoints.shift(), kind).toBe("epoch-00002.safetensors");
      expect(checkpoints, kind).toEqual(["epoch-00003.safetensors", "epoch-00004.safetensors"]);
    }
  });

  it("does so too without any checkpoint, which a run under a minute does not write", async () => {
    const overrides = ["num_epochs=1", "keep_checkpoints=0", "checkpoint_every=null"];
    const go = (config: ExperimentConfig) => train(config, { threads: 1 });
    await go(runOf("plain-0", overrides));
    const writes = await dyingAt(Infinity, () => go(runOf("plain-1", overrides)));
    for (const [number, kind] of ["renameSync .model", "rmSync checkpoints"].entries()) {
      const id = `plain-${number + 2}`;
      const place = writes.findIndex((name) => name.startsWith(kind));
      expect(place, `${kind} in ${writes.join(", ")}`).toBeGreaterThan(0);
      await dyingAt(place, () => go(runOf(id, overrides)));
      await go(runOf(id, overrides));
      expectSameResults(id, "plain-0", kind);
      expect(fs.existsSync(path.join(folderOf(id), "checkpoints"))).toBe(false);
    }
  });

  it("does so too after a real SIGKILL while a checkpoint is written", async () => {
    const overrides = ["num_epochs=12", "model.text_embedding.num_embeddings=30000", "keep_checkpoints=2"];
    await train(runOf("large", overrides));
    const config = runOf("shot", overrides);
    const checkpoints = path.join(folderOf("shot"), "checkpoints");
    const child = spawn(process.execPath, ["tools/qdrl.mjs", "train", tiny.config({ ...config })], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.on("data", (text) => {
      output += text;
    });
    const timer = setInterval(() => {
      const names = fs.existsSync(checkpoints) ? fs.readdirSync(checkpoints) : [];
      if (names.length > 1 && names.some((name) => name.endsWith(".tmp"))) child.kill("SIGKILL");
    }, 1);
    const signal = await new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
    clearInterval(timer);
    expect(signal, `killed before its end; ${output}`).toBe("SIGKILL");
    const lines: string[] = [];
    await train(config, { listener: { line: (line) => lines.push(line) } });
    expect(lines.join("\n")).toMatch(/epoch-0000\d\.safetensors: going on after \d+ epochs/);
    expectSameResults("shot", "large", "SIGKILL");
    expect(fs.readdirSync(checkpoints).sort()).toEqual([
      "epoch-00011.safetensors",
      "epoch-00012.safetensors",
    ]);
  });
});
