import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { debian, differences, pythonWith, regenerate } from "./places.js";

const read = (file: string): unknown => JSON.parse(fs.readFileSync(`tests/fixtures/${file}`, "utf8"));

/** What other implementations said when a fixture was made is what they say when they are asked again. */
describe("committed fixtures are what these packages compute", () => {
  it("PyTorch: 50 steps of Adam", async ({ task }) => {
    const versions = await debian("python3-torch");
    Object.assign(task.meta, { against: versions.join(", ") });
    const got = regenerate("/usr/bin/python3", "tests/fixtures/torch-adam/generate.py", "fixture.json");
    expect(differences(got, read("torch-adam/fixture.json"), 1e-5)).toEqual([]);
  });

  it("transformers: a small BERT's states, poolings and gradients", async ({ task }) => {
    const versions = await debian("python3-torch", "python3-venv");
    const packages = ["transformers==4.40.2", "numpy<2"];
    Object.assign(task.meta, { against: [...packages, ...versions].join(", ") });
    const python = await pythonWith(packages, "/usr/bin/python3");
    const got = regenerate(python, "tests/fixtures/transformer/make_bert.py", "bert.json");
    expect(differences(decoded(got), decoded(read("transformer/bert.json")), 1e-6)).toEqual([]);
  });

  it("tokenizers: word pieces of nasty strings", async ({ task }) => {
    const packages = ["tokenizers==0.19.1"];
    Object.assign(task.meta, { against: packages[0] });
    const script = ["tests/outside/encode_again.py", "tests/fixtures/transformer/tokenizer.json"];
    const printed = execFileSync(await pythonWith(packages), script, { encoding: "utf8" });
    expect(printed).toBe("858\n");
  });

  it("scikit-learn: trustworthiness of maps", async ({ task }) => {
    const packages = ["scikit-learn==1.9.1"];
    Object.assign(task.meta, { against: packages[0] });
    const got = regenerate(await pythonWith(packages), "tests/fixtures/reporting/trustworthiness.py", null);
    expect(differences(got, read("reporting/trustworthiness.json"), 1e-9)).toEqual([]);
  });

  it("bm25s: scores of every variant of BM25", async ({ task }) => {
    const packages = ["bm25s==0.3.16"];
    Object.assign(task.meta, { against: packages[0] });
    const got = regenerate(
      await pythonWith(packages),
      "tests/fixtures/retrieval/generate-bm25.py",
      "bm25s.json",
    );
    expect(differences(got, read("retrieval/bm25s.json"), 1e-6)).toEqual([]);
  });

  it("trec_eval, ir-measures and ranx: ranking measures", async ({ task }) => {
    const packages = ["pytrec_eval-terrier==0.5.11", "ir-measures==0.4.3", "ranx==0.3.21"];
    Object.assign(task.meta, { against: packages.join(", ") });
    const python = await pythonWith(packages);
    const env = { NUMBA_DISABLE_JIT: "1" };
    const got = regenerate(python, "tests/fixtures/metrics/generate.py", "other-implementations.json", env);
    expect(differences(got, read("metrics/other-implementations.json"), 1e-9)).toEqual([]);
  });
});

/** A fixture with its base64 of float32 as numbers. */
function decoded(value: unknown): unknown {
  if (typeof value === "string" && value.length >= 100) {
    const bytes = Buffer.from(value, "base64");
    return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  }
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decoded(part)]));
}
