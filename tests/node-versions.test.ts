import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findJupyter } from "../tools/setup/jupyter.mjs";
import { nodeFolder, TESTED_NODES, withNode } from "../tools/test/node-binary.mjs";
import { type TinyDataset, tinyDataset } from "./support/tiny-dataset.js";

const execute = promisify(execFile);
const current = Number.parseInt(process.versions.node, 10);
const versions = Object.keys(TESTED_NODES).map(Number);
/** Trains, evaluates and shows a table; the quickest that does. */
const NOTEBOOK = "02-fit";

let tiny: TinyDataset;
let sweep: string;
const folders = new Map<number, string>();

beforeAll(async () => {
  tiny = tinyDataset();
  sweep = path.join(tiny.root, "sweep.yaml");
  // every kind of arithmetic that a run prints: both engines, powers of Adam's decay and of schedules, streams
  const rows = [
    {
      name: "tfjs",
      set: { engine: "tfjs", optimizer: { type: "adamw" }, schedule: { type: "cosine", warmup_steps: 4 } },
    },
    {
      name: "fused",
      set: { loss: { type: "triplet", margin: 0.2 }, schedule: { type: "polynomial", power: 1.7 } },
    },
  ];
  fs.writeFileSync(
    sweep,
    JSON.stringify({ task_id: "rows", title: "a question", base: tiny.config(), seeds: [1], rows }),
  );
  for (const version of versions) folders.set(version, await nodeFolder(process.cwd(), version));
}, 600_000);

afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

/** Runs a command under a Node; what it writes to stderr is its progress and nothing of the runtime's. */
async function run(version: number, command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await execute(command, args, { env: withNode(folders.get(version)!) });
  expect(stderr).not.toMatch(/unrecognized flag|bad option|Warning|deprecat/i);
  return stdout;
}

function filesBelow(folder: string, name: string): string[] {
  const found = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  return found.filter((file) => path.basename(file) === name).sort();
}

describe("the same work under every supported Node", () => {
  const digests = new Map<number, Record<string, string>>();

  it.concurrent.for(versions)("trains and sweeps, searches and reports under Node %i", async (version) => {
    expect((await run(version, "node", "--version")).trim()).toMatch(new RegExp(`^v${version}\\.`));
    const output = path.join(tiny.root, `node${version}`);
    const qdrl = (...args: string[]) => run(version, "node", "tools/qdrl.mjs", ...args);
    const set = ["output_dir=" + output, "num_epochs=1", "recall_validation.k=[1,10]"].flatMap((change) => [
      "--set",
      change,
    ]);
    await qdrl("train", tiny.config(), ...set, "--set", "streaming.mode=always");
    await qdrl("sweep", sweep, ...set);
    const files = filesBelow(output, "metrics.jsonl");
    expect(files).toHaveLength(3);
    const digest = (file: string) => createHash("sha256").update(fs.readFileSync(path.join(output, file)));
    digests.set(version, Object.fromEntries(files.map((file) => [file, digest(file).digest("hex")])));
    if (version === current) return; // the other tests do the rest
    const trained = path.join(output, "tiny/run");
    expect(await qdrl("search", trained, "red", "sneaker", "-k", "2")).toMatch(
      /^ {3}1 {2}-?\d\.\d{3} {2}\S/m,
    );
    const page = path.join(output, "page.html");
    await qdrl("report", trained, "-o", page);
    expect(fs.statSync(page).size).toBeGreaterThan(1e6);
  });

  it.concurrent.for(versions.filter((version) => version !== current))(
    "executes a notebook under Node %i",
    async (version) => {
      const jupyter = await findJupyter(process.cwd());
      if (jupyter === null) throw new Error("Jupyter is not available; run: npm run setup");
      const out = path.join(tiny.root, `notebooks${version}`);
      const options = ["--small", "--out", out];
      const printed = await run(version, jupyter.python, "tools/notebooks.py", ...options, NOTEBOOK);
      expect(printed).toContain(`ok   notebooks/${NOTEBOOK}.ipynb`);
      expect(fs.readFileSync(path.join(out, `${NOTEBOOK}.ipynb`), "utf8")).not.toContain("unrecognized flag");
    },
  );

  it("writes the same metrics, byte for byte", () => {
    const [first, ...others] = versions.map((version) => digests.get(version));
    expect(first).toBeDefined();
    for (const other of others) expect(other).toEqual(first);
  });
});
