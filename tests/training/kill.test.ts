import { spawn } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import type { ExperimentConfig } from "../../lib/experiment/schema.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];

/** What changes a file or a folder. */
const WRITES = [
  "openSync",
  "writeSync",
  "appendFileSync",
  "writeFileSync",
  "renameSync",
  "rmSync",
  "mkdirSync",
  "ftruncateSync",
] as const;

type Call = (...args: unknown[]) => unknown;
const functions = fs as unknown as Record<string, Call>;
class Death extends Error {}

/**
 * Does work whose process dies at its write number `dieAt` (from 0; Infinity: never): of what is written there half
 * arrives, and from then on nothing changes any more, whatever is still tried.
 *
 * @returns a name for each write: the function and the kind of file
 */
async function dyingAt(dieAt: number, work: () => Promise<unknown>): Promise<string[]> {
  const real = Object.fromEntries(WRITES.map((name) => [name, functions[name]!]));
  const names = new Map<number, string>(); // of open files
  const writes: string[] = [];
  let dead = false;
  let inside = false; // some of the functions call others
  const call = (name: string, args: unknown[]) => {
    inside = true;
    try {
      return real[name]!(...args);
    } finally {
      inside = false;
    }
  };
  for (const name of WRITES)
    functions[name] = (...args) => {
      const reads = name === "openSync" && (args[1] === undefined || args[1] === "r");
      if (reads || inside) return real[name]!(...args);
      if (dead) throw new Death();
      const [target, data, ...rest] = args;
      const file = typeof target === "number" ? names.get(target)! : path.basename(String(target));
      dead = writes.length === dieAt;
      writes.push(`${name} ${file.replace(/[0-9a-f]{12,16}|\d+/g, "#")}`);
      if (!dead) {
        const result = call(name, args);
        if (name === "openSync") names.set(result as number, file);
        return result;
      }
      if (name === "writeSync")
        call(name, [target, data, rest[0], (rest[1] as number) >> 1, ...rest.slice(2)]);
      else if (typeof data === "string" || data instanceof Uint8Array)
        call(name, [target, data.slice(0, data.length >> 1), ...rest]);
      throw new Death();
    };
  syncBuiltinESMExports();
  try {
    await work();
  } catch (error) {
    if (!dead) throw error;
  } finally {
    Object.assign(functions, real);
    syncBuiltinESMExports();
  }
  expect(dead, `write ${dieAt} of ${writes.length} came`).toBe(dieAt !== Infinity);
  return writes;
}

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
