import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { loadTuning, tuningDir } from "../../lib/tuning/load-tuning.js";
import { tune } from "../../lib/tuning/tune.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();

function tuningFile(name: string, more: Record<string, unknown> = {}): string {
  const base = tiny.config({ output_dir: path.join(tiny.root, name), num_epochs: 2 });
  const file = path.join(tiny.root, `${name}.yaml`);
  const ranges = { learning_rate: { from: 0.001, to: 0.05, scale: "log" }, batch_size: [8, 16, 32] };
  fs.writeFileSync(
    file,
    JSON.stringify({ task_id: "t", base, ranges, rungs: 2, bracket: 2, final_seeds: [9], ...more }),
  );
  return file;
}

/** Names and bytes of what trials brought. */
function results(dir: string): Record<string, string> {
  const names = fs.readdirSync(dir).filter((name) => name.startsWith("trial-"));
  return Object.fromEntries(
    names.sort().map((name) => [name, fs.readFileSync(path.join(dir, name), "utf8")]),
  );
}

describe("tune", () => {
  it("comes to the same bytes by any number of workers, after any stop, and looks at test queries once", async () => {
    const quiet = { line: () => {}, progress: () => {} };
    const stop = new AbortController();
    const stopping = {
      ...quiet,
      progress: ({ note = "" }) => void (note.startsWith("trial 1 ") && stop.abort()),
    };
    const whole = loadTuning(tuningFile("whole"));
    const first = await tune(whole, { trials: 2, workers: 2, listener: quiet });
    expect(first.stoppedBefore).toBeNull();
    expect(first.trials.map(({ trial }) => trial)).toEqual([0, 1]);
    const found = results(tuningDir(whole));
    expect(Object.keys(found)).toContain("trial-0000-epochs-2.json");
    expect(Object.keys(found).length).toBe(first.jobsDone);

    const parts = loadTuning(tuningFile("parts"));
    const cut = await tune(parts, {
      minutes: 60,
      workers: 1,
      listener: stopping,
      signal: stop.signal,
      test: false,
    });
    expect(cut).toMatchObject({ jobsDone: 1, stoppedBefore: { trial: 1, epochs: 1 } });
    const rest = await tune(parts, { trials: 2, workers: 1, listener: quiet });
    const calls = JSON.parse(fs.readFileSync(path.join(tuningDir(parts), "calls.json"), "utf8")).entries;
    expect(calls[0]).toMatchObject({
      minutes: 60,
      stoppedBefore: cut.stoppedBefore,
      jobsDone: cut.jobsDone,
    });
    const again = results(tuningDir(parts));
    for (const [name, text] of Object.entries(found)) expect(again[name]).toBe(text);
    expect(rest.winner).toEqual(first.winner);
    expect(rest.look?.sets).toEqual(first.look?.sets);
    expect(rest.looks).toBe(first.looks);

    const repeated = await tune(parts, { trials: 2, workers: 1, listener: quiet });
    expect(repeated.looks).toBe(rest.looks); // read, not measured again
    expect(repeated.look?.sets).toEqual(rest.look?.sets);
    expect(loadConfig(rest.tunedFile)).toMatchObject({ run_id: "tuned", seed: 3 });
    expect(loadSweep(rest.sweepFile).rows).toHaveLength(2);
  });
});

describe("loadTuning", () => {
  it("names the range that makes no configuration, and keys that are not its own", () => {
    const wrong = (ranges: object) => () => loadTuning(tuningFile("wrong", { ranges }));
    expect(wrong({ batch_size: [0, 8] })).toThrow(
      /wrong\.yaml: range batch_size, 0: .*batch_size must be ≥ 1, got 0/,
    );
    expect(wrong({ "loss.heat": [1, 2] })).toThrow(/range loss\.heat, 1: /);
    expect(wrong({ num_epochs: [1, 2] })).toThrow(
      "must not name num_epochs, which is what halving cuts; say epochs",
    );
    expect(wrong({ "recall_validation.k": [[1], [2]] })).toThrow("what is measured is the objective's");
    expect(wrong({ learning_rate: { from: 0, to: 1, scale: "log" } })).toThrow(
      /from must be above 0 on a log scale/,
    );
  });

  it("takes an experiment with ranges of its own making, all of whose ends are configurations", () => {
    const tuning = loadTuning(tiny.config());
    expect(Object.keys(tuning.config.ranges)).toEqual([
      "learning_rate",
      "batch_size",
      "loss.temperature",
      "negatives",
      "layers",
      "typos",
      "tokens",
    ]);
    expect(tuning.config.task_id).toBe("tune-tiny-run");
  });

  it("reads every tuning that comes with the workspace", () => {
    const files = fs.readdirSync("configs/tune").map((name) => path.join("configs/tune", name));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(() => loadTuning(file), file).not.toThrow();
  });

  it("refuses data without validation queries before anything is trained", async () => {
    const bare = tinyDataset();
    fs.rmSync(path.join(bare.dir, "validation_dataset"), { recursive: true });
    const tuning = loadTuning(bare.config());
    await expect(tune(tuning, { trials: 1, listener: {} })).rejects.toThrow(
      /needs validation queries to choose by, which .* must have, got /,
    );
    expect(fs.existsSync(path.join(bare.root, "runs"))).toBe(false);
    fs.rmSync(bare.root, { recursive: true });
  });

  it("refuses a folder that holds another tuning", async () => {
    const file = tuningFile("other");
    const dir = tuningDir(loadTuning(file));
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, "tuning.json"), JSON.stringify({ task_id: "t", base: "elsewhere.yaml" }));
    await expect(tune(loadTuning(file), { trials: 1, listener: {} })).rejects.toThrow(
      /tuning\.json: a tuning goes on only as it was begun, got another base; give it another --name/,
    );
  });
});
