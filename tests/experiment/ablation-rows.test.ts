import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadSweep } from "../../lib/experiment/load-sweep.js";
import type { ExperimentConfig } from "../../lib/experiment/schema.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-ablation-"));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function ablation(changes: Record<string, unknown>): string {
  const file = path.join(folder, "ablation.yaml");
  const parts = [
    { name: "a", without: { "loss.temperature": 0.2 } },
    { name: "b", without: { batch_size: 32 } },
    { name: "c", without: { num_epochs: 2 } },
  ];
  fs.writeFileSync(
    file,
    JSON.stringify({ task_id: "t", title: "q", base: "configs/emoji/baseline.yaml", parts, ...changes }),
  );
  return file;
}

/** A configuration but for what it is called. */
const settings = ({ task_id: _, run_id: _run, name: _name, ...rest }: ExperimentConfig) => rest;

describe("an ablation as a sweep", () => {
  it("trains the whole, each part left out, none, and each alone, each combination once", () => {
    const sweep = loadSweep(ablation({ seeds: [1] }));
    expect(sweep.rows).toEqual([
      ...["all parts", "without a", "without b", "without c"],
      ...["no part", "a alone", "b alone", "c alone"],
    ]);
    expect(sweep.baseline).toBe("all parts");
    expect(sweep.runs.at(-3)!.config).toMatchObject({
      loss: { temperature: 0.1 },
      batch_size: 32,
      num_epochs: 2,
    });
    const two = [
      { name: "a", without: { batch_size: 32 } },
      { name: "b", without: { num_epochs: 2 } },
    ];
    expect(loadSweep(ablation({ parts: two })).rows).toEqual([
      "all parts",
      "without a",
      "without b",
      "no part",
    ]);
  });

  it("adds a row for each pair asked for, and those of a design where all are", () => {
    expect(loadSweep(ablation({ interactions: [["a", "b"]], alone: false })).rows).toEqual([
      ...["all parts", "without a", "without b", "without c", "c alone"],
    ]);
    expect(loadSweep(ablation({ interactions: "all" })).rows).toHaveLength(8);
  });

  it("refuses in one line what cannot be", () => {
    const refusal = (changes: Record<string, unknown>) => {
      try {
        loadSweep(ablation(changes));
      } catch (error) {
        return (error as Error).message.replace(/^.*ablation\.yaml/, "FILE");
      }
      return null;
    };
    expect(refusal({ interactions: [["a", "x"]] })).toBe(
      'FILE:1: interactions.0 must name parts (a, b, c), got "x"',
    );
    expect(refusal({ parts: [{ name: "a" }] })).toMatch(
      /must say how "a" is left out, by without or items, got neither$/,
    );
    expect(refusal({ plain: "configs/emoji/baseline.yaml" })).toMatch(
      /must say how "a" is added to plain, by with, got nothing/,
    );
    expect(refusal({ none: null, design: "factorial" })).toMatch(
      /design: must be one_by_one where none is null/,
    );
    expect(refusal({ parts: [{ name: "a", without: { batch_size: 0 } }] })).toMatch(
      /FILE: row "no part": --set batch_size: batch_size must be ≥ 1, got 0$/,
    );
  });
});

describe("ablations that replace sweeps", () => {
  const fixture = (name: string) =>
    parse(fs.readFileSync(`tests/fixtures/experiment/${name}.yaml`, "utf8")) as Record<string, object>;
  const { steps, alone } = fixture("typo-recipes");

  it.each([
    ["typo-recipes", "steps of the robust recipe left out", steps!, 6],
    ["typo-recipes", "steps of the robust recipe alone", alone!, 6],
    ["modalities", "words, category and picture of the thesis' table 4.5", fixture("modalities"), 7],
  ])("train the rows that figures in the log come from: %s, %s", (name, what, sweep, count) => {
    const file = path.join(folder, `${what.replace(/\W/g, "")}.yaml`);
    fs.writeFileSync(file, JSON.stringify(sweep));
    const before = loadSweep(file, [], [1, 3]);
    const now = new Map(
      loadSweep(`configs/studies/${name}.yaml`, [], [1, 3]).runs.map((run) => [
        `${run.row} ${run.seed}`,
        run.config,
      ]),
    );
    expect(before.rows).toHaveLength(count);
    for (const { row, seed, config } of before.runs) {
      const own = now.get(`${row} ${seed}`)!;
      expect(settings(own), row).toEqual(settings(config));
      expect(own.run_id).toBe(config.run_id);
    }
  });
});
