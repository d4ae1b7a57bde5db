import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadTuning, tuningDir } from "../../lib/tuning/load-tuning.js";
import { tune } from "../../lib/tuning/tune.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

/** Two trials of twelve epochs each, with nothing but their folder's name apart. */
function tuningFile(name: string): string {
  const base = tiny.config({ output_dir: path.join(tiny.root, name), num_epochs: 12 });
  const file = path.join(tiny.root, `${name}.yaml`);
  const ranges = { learning_rate: { from: 0.001, to: 0.05, scale: "log" } };
  fs.writeFileSync(file, JSON.stringify({ task_id: "t", base, ranges, rungs: 1, bracket: 2 }));
  return file;
}

const trialOf = (name: string) => path.join(tiny.root, name, "t", "trial-0001");

function bytesOf(name: string): Record<string, string> {
  const tuning = tuningDir(loadTuning(tuningFile(name)));
  const files = fs.readdirSync(tuning).filter((file) => file.startsWith("trial-"));
  return Object.fromEntries([
    ...files.sort().map((file) => [file, fs.readFileSync(path.join(tuning, file), "utf8")]),
    ...["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"].map((file) => [
      file,
      fs.readFileSync(path.join(trialOf(name), file), "base64"),
    ]),
  ]);
}

describe("a tuning killed without warning", () => {
  it("goes on in the middle of the trial, and ends with the bytes of one never interrupted", async () => {
    const options = { trials: 2, workers: 1, test: false };
    await tune(loadTuning(tuningFile("whole")), { ...options, listener: {} });

    const shot = tuningFile("shot");
    const args = ["tools/qdrl.mjs", "tune", shot, "--trials", "2", "--workers", "1", "--no-test"];
    const child = spawn(process.execPath, [...args, "--output", tiny.root], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.on("data", (text) => {
      output += text;
    });
    const checkpoints = path.join(trialOf("shot"), "checkpoints");
    const timer = setInterval(() => {
      const names = fs.existsSync(checkpoints) ? fs.readdirSync(checkpoints) : [];
      if (names.some((name) => /^epoch-\d+\.safetensors$/.test(name))) child.kill("SIGKILL");
    }, 1);
    const signal = await new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
    clearInterval(timer);
    expect(signal, `killed before its end; ${output}`).toBe("SIGKILL");
    expect(fs.existsSync(path.join(trialOf("shot"), "models/model.safetensors"))).toBe(false);

    await tune(loadTuning(shot), { ...options, listener: {} });
    expect(bytesOf("shot")).toEqual(bytesOf("whole"));
  });
});
