import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { openRun, type RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
const bytes = (run: RunFolder, ...name: string[]) =>
  fs.readFileSync(path.join(run.dir, ...name)).toString("base64");

/** Two epochs of an encoder with dropout by graphs, unless told otherwise. */
async function run(id: string, ...more: string[]): Promise<{ run: RunFolder; lines: string[] }> {
  const lines: string[] = [];
  const settings = ["engine=jit", "model.type=RegularizedSimpleTextEncoder", "model.hidden_layers=[16]"];
  const config = loadConfig(tiny.config(), [`run_id=${id}`, "num_epochs=2", ...settings, ...more]);
  return { run: await train(config, { threads: 1, listener: { line: (line) => lines.push(line) } }), lines };
}

beforeAll(() => {
  tiny = tinyDataset();
});

describe("a run whose engine is jit", () => {
  it("goes on after a checkpoint to the bytes of a run that was not stopped, and records what computed it", async () => {
    const { run: whole } = await run("whole");
    await run("resumed", "num_epochs=1");
    const { run: resumed } = await run("resumed");
    for (const file of [["metrics.jsonl"], ["models", "model.safetensors"], ["queries.jsonl.gz"]])
      expect(bytes(resumed, ...file)).toBe(bytes(whole, ...file));
    const { engine, steps } = openRun(whole.dir).manifest();
    expect(engine).toBe("jit, ONNX Runtime on cpu, 1 thread");
    expect(steps).toMatchObject({ provider: "cpu", threads: 1, fallbacks: 0 });
    expect(steps!["graph"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("goes on by tfjs, after one line that says why, where a loss reads numbers of the graph", async () => {
    const loss = "loss={type: labelled, name: triplet_margin, miner: {name: batch_hard}}";
    const jit = await run("falling", loss);
    const told = jit.lines.filter((line) => line.startsWith("jit:"));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/dataSync.*tfjs computes such calls/);
    const plain = await run("plain", loss, "engine=tfjs");
    expect(bytes(jit.run, "metrics.jsonl")).toBe(bytes(plain.run, "metrics.jsonl"));
    expect(openRun(jit.run.dir).manifest().steps!["runs"]).toBe(0);
  });
});
