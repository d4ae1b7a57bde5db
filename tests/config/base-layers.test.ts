import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readInherited } from "../../lib/config/base-layers.js";
import { formatConfig, loadConfig, parseConfig } from "../../lib/experiment/load-config.js";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import { UserError } from "../../lib/files/user-error.js";
import { loadAnyConfig } from "../../lib/retrieval/retrievers/load-any-config.js";

const BASELINE = "configs/emoji/baseline.yaml";
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-base-"));
});

function write(name: string, ...lines: string[]): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

const keys = (...lines: string[]) => readInherited(lines.join("\n"), "leaf.yaml").values;

describe("a configuration with a base", () => {
  it("says only what differs, and is stored whole", () => {
    const file = write("one.yaml", `base: ${BASELINE}`, "run_id: one", "loss: { temperature: 0.2 }");
    const config = loadConfig(file, ["seed=9"]);
    const base = loadConfig(BASELINE);
    expect(config).toEqual({ ...base, run_id: "one", seed: 9, loss: { ...base.loss, temperature: 0.2 } });
    expect(formatConfig(config)).not.toMatch(/^base:/m);
    expect(parseConfig(formatConfig(config), "stored")).toEqual(config);
  });

  it("may stand on one that has a base itself; what is nearer goes before", () => {
    const near = write("near.yaml", `base: ${BASELINE}`, "batch_size: 32", "seed: 5");
    const file = write("far.yaml", `base: ${near}`, "seed: 6");
    expect(loadConfig(file)).toMatchObject({ batch_size: 32, seed: 6, num_epochs: 5 });
    expect(loadConfig(file, ["batch_size=16"]).batch_size).toBe(16);
  });

  it("merges sections of one type, and replaces lists, nulls and sections of another type", () => {
    const base = write("sections.yaml", "a: { type: x, p: 1, list: [1, 2] }", "b: { p: 1, q: 2 }", "c: 1");
    expect(
      keys(`base: ${base}`, "a: { list: [3] }", "b: { q: null }", "c: { d: 1 }", "constructor: 4"),
    ).toEqual({
      a: { type: "x", p: 1, list: [3] },
      b: { p: 1, q: null },
      c: { d: 1 },
      constructor: 4,
    });
    expect(keys(`base: ${base}`, "a: { type: x, p: 2 }")).toMatchObject({ a: { p: 2, list: [1, 2] } });
    expect(keys(`base: ${base}`, "a: { type: y }")).toMatchObject({ a: { type: "y" } });
    expect(keys(`base: ${base}`, "a: { type: y }")["a"]).toEqual({ type: "y" });
  });

  it("is named, with its line, where the wrong value stands", () => {
    const base = write("wrong.yaml", `base: ${BASELINE}`, "batch_size: 32", "loss:", "  temperature: -1");
    const file = write("right.yaml", `base: ${base}`, "loss: { type: batch_softmax }", "nun_epochs: 3");
    expect(() => loadConfig(file)).toThrow(
      new UserError(
        `${base}:4: loss.temperature must be > 0, got -1\n${file}:3: nun_epochs is not a known key; did you mean num_epochs?`,
      ),
    );
    const required = write("required.yaml", `base: ${base}`, "loss: { type: triplet }", "task_id: null");
    expect(() => loadConfig(required)).toThrow(`${required}:3: task_id must be a string, got null`);
  });

  it("works for BM25 and is the base of a sweep", () => {
    const lexical = write("lexical.yaml", "base: configs/emoji/bm25.yaml", "run_id: other", "k1: 2");
    expect(loadAnyConfig(lexical)).toMatchObject({ kind: "bm25", config: { k1: 2, b: 0.75 } });
    const near = write("swept.yaml", `base: ${BASELINE}`, "batch_size: 32");
    const sweep = write("sweep.yaml", "task_id: s", "title: t", `base: ${near}`, "grid: { seed: [1] }");
    expect(loadSweep(sweep).runs[0]!.config).toMatchObject({ batch_size: 32, num_epochs: 5 });
  });

  it("is refused in one line where the chain is broken", () => {
    const a = path.join(folder, "a.yaml");
    const b = write("b.yaml", `base: ${a}`);
    write("a.yaml", "seed: 1", `base: ${b}`);
    expect(() => loadConfig(a)).toThrow(
      new UserError(`${b}:1: base must not lead back to a file of the chain, got ${a} → ${b} → ${a}`),
    );
    const own = write("own.yaml", `base: ${folder}/../${path.basename(folder)}/own.yaml`);
    expect(() => loadConfig(own)).toThrow(/^[^\n]*own\.yaml:1: base must not lead back/);
    const lost = write("lost.yaml", "base: configs/emoji/basline.yaml");
    expect(() => loadConfig(lost)).toThrow(
      new UserError(
        `${lost}:1: base: configs/emoji/basline.yaml: must exist, found none; did you mean configs/emoji/baseline.yaml?`,
      ),
    );
    for (const [said, message] of [
      ["base: [a.yaml]", 'base must be the path of a configuration from the workspace root, got ["a.yaml"]'],
      [
        "base: configs/sweeps/margin.yaml",
        "base must be an experiment, got the sweep configs/sweeps/margin.yaml",
      ],
      [
        "{ base: configs/emoji/bm25.yaml, system: fusion }",
        'base must have the same system, "fusion", got "bm25" in configs/emoji/bm25.yaml',
      ],
    ] as const)
      expect(() => readInherited(said, "leaf.yaml")).toThrow(new UserError(`leaf.yaml:1: ${message}`));
  });
});
