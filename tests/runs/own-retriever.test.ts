import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadAnyConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { openSearch } from "../../lib/retrieval/retrievers/search-run.js";
import { runExperiment } from "../../lib/runs/run-experiment.js";
import "../support/parts/own-retriever.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
});

function file(changes: Record<string, unknown> = {}): string {
  const at = path.join(tiny.root, `own-${fs.readdirSync(tiny.root).length}.yaml`);
  const config = {
    system: "shared_words",
    task_id: "own",
    run_id: "words",
    dataset_dir: tiny.dir,
    output_dir: path.join(tiny.root, "runs"),
    recall_validation: { k: [8], query_typo_probabilities: [0] },
    ...changes,
  };
  fs.writeFileSync(at, JSON.stringify(config));
  return at;
}

describe("a retrieval system registered by one file", () => {
  it("runs from YAML, is reused when finished, searches, and is fused with another", async () => {
    const listener = {};
    const run = await runExperiment(file(), { listener });
    expect(run.manifest()).toMatchObject({
      kind: "shared_words",
      system: "shared words",
      status: "finished",
    });
    // a query shares its colour with 8 documents of equal score, among which its own is always
    expect(run.metrics()[0]).toMatchObject({ name: expect.stringMatching(/8/), value: 1 });
    const { endedAt } = run.manifest();
    expect((await runExperiment(file(), { listener })).manifest().endedAt).toBe(endedAt);
    const search = await openSearch(run.dir, { listener });
    expect((await search("PINK clock", 1))[0]).toMatchObject({ name: "pink clock", score: 2 });
    const fused = await runExperiment(
      file({
        system: "fusion",
        run_id: "fused",
        dataset_dir: undefined,
        runs: [run.dir, file({ run_id: "cased", case_matters: true })],
        weights: [0.5, 0.5],
      }),
      { listener },
    );
    expect(fused.manifest().kind).toBe("fusion");
    expect((await (await openSearch(fused.dir, { listener }))("pink clock", 1))[0]!.name).toBe("pink clock");
  });

  it("is among the known names when it is misspelled", () => {
    expect(() => loadAnyConfig(file({ system: "shared_word" }))).toThrow(
      /system must be one of bm25, neighbours, fusion, shared_words, .*, got "shared_word"; did you mean shared_words\?$/,
    );
  });

  it("refuses an unknown key by its schema, with file and line", () => {
    expect(() => loadAnyConfig(file({ case_mater: true }))).toThrow(
      /own-\d+\.yaml:1: case_mater is not a known key; did you mean case_matters\?$/,
    );
  });
});
