import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

/** Starts `qdrl train` in a process of its own and kills it without warning when told to. Resolves at its end. */
function trainProcess(
  config: string,
  killWhen: (kill: () => void) => () => void,
): Promise<{ signal: string | null; output: string }> {
  const child = spawn(process.execPath, ["tools/qdrl.mjs", "train", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (text) => {
    output += text;
  });
  const stop = killWhen(() => child.kill("SIGKILL"));
  return new Promise((resolve) =>
    child.on("close", (_code, signal) => {
      stop();
      resolve({ signal, output });
    }),
  );
}

describe("a run killed without warning", () => {
  it("ends with the same bytes as one never interrupted, killed in epochs and while checkpoints are written", async () => {
    const tiny = tinyDataset();
    const overrides = ["num_epochs=12", "model.text_embedding.num_embeddings=30000", "keep_checkpoints=2"];
    const whole = await train(loadConfig(tiny.config(), overrides));
    const config = tiny.config({
      ...loadConfig(tiny.config(), overrides),
      run_id: "killed",
    });
    const dir = path.join(tiny.root, "runs", "tiny", "killed");
    const checkpoints = path.join(dir, "checkpoints");
    const duringWrite = (kill: () => void) => {
      const timer = setInterval(() => {
        const names = fs.existsSync(checkpoints) ? fs.readdirSync(checkpoints) : [];
        if (names.some((name) => name.endsWith(".tmp"))) kill();
      }, 1);
      return () => clearInterval(timer);
    };
    const afterNextEpoch = (delayMs: number) => (kill: () => void) => {
      const newest = () =>
        fs.existsSync(checkpoints)
          ? fs
              .readdirSync(checkpoints)
              .filter((n) => n.startsWith("epoch"))
              .sort()
              .at(-1)
          : undefined;
      const before = newest();
      const timer = setInterval(() => {
        if (newest() === before) return;
        clearInterval(timer);
        setTimeout(kill, delayMs);
      }, 5);
      return () => clearInterval(timer);
    };
    for (const killWhen of [duringWrite, afterNextEpoch(3), afterNextEpoch(25), duringWrite]) {
      const { signal, output } = await trainProcess(config, killWhen);
      expect(signal, `killed before its end; ${output}`).toBe("SIGKILL");
    }
    const { output } = await trainProcess(config, () => () => {});
    expect(output).toMatch(/epoch-0000\d\.safetensors: going on after \d+ epochs/);
    for (const file of ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"])
      expect(
        fs.readFileSync(path.join(dir, file)).equals(fs.readFileSync(path.join(whole.dir, file))),
        file,
      ).toBe(true);
    expect(fs.readdirSync(checkpoints).sort()).toEqual([
      "epoch-00011.safetensors",
      "epoch-00012.safetensors",
    ]);
  });
});
