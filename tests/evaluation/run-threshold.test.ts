import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { layout } from "../../lib/datasets/dataset-layout.js";
import { saveThreshold } from "../../lib/evaluation/run-threshold.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { validationQueries } from "../../lib/experiment/validation-queries.js";
import { savedThreshold } from "../../lib/retrieval/retrievers/saved-threshold.js";
import { openSearch, thresholdOf } from "../../lib/retrieval/retrievers/search-run.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

let tiny: TinyDataset;
let run: RunFolder;

beforeAll(async () => {
  tiny = tinyDataset();
  run = await train(loadConfig(tiny.config({ search: { threshold: 0.25 } })));
});

describe("validationQueries", () => {
  it("makes a query of equal rows, with the documents of that name", async () => {
    const pool = {
      items: ["red shoe", "blue lamp", "red shoe"].map((document_name) => ({ document_name })),
      ids: ["a", "b", "c"],
    };
    const names = { queries: ["query_search_phrase"], document: "document_name" };
    const { queries, skippedQueries } = await validationQueries(tiny.dir, pool, names);
    // of the 20 validation rows two are about red shoes and one about a blue lamp
    expect(queries.map(({ fields, relevant }) => [fields["query_search_phrase"], [...relevant]])).toEqual([
      ["red sneaker", [0, 2]],
      ["red footwear", [0, 2]],
      ["blue light", [1]],
    ]);
    expect(skippedQueries).toBe(17);
    const strangers = { items: [{ document_name: "no such thing" }], ids: ["z"] };
    await expect(validationQueries(tiny.dir, strangers, names)).rejects.toThrow(
      "a validation row must name a document of the pool by its document_name, got none of 20 queries",
    );
  });
});

describe("recall_validation.sets", () => {
  it("may name the validation part, whose rows are its queries", async () => {
    const settings = ["run_id=on-validation", "recall_validation.sets=[validation]"];
    const chosen = await train(loadConfig(tiny.config(), settings));
    const { counts, dataset } = chosen.manifest();
    expect(counts).toMatchObject({ "validation queries": 20, "validation documents": 48 });
    const pool = { items: [] as Record<string, string>[], ids: [] as string[] };
    const items = fs.readFileSync(path.join(dataset.dir, layout.items), "utf8").trim().split("\n");
    for (const line of items) {
      const item = JSON.parse(line);
      pool.items.push(item);
      pool.ids.push(item.document_id);
    }
    const names = { queries: ["query_search_phrase"], document: "document_name" };
    const { queries } = await validationQueries(tiny.dir, pool, names);
    expect(
      chosen
        .queries()
        .filter(({ typo }) => typo === 0)
        .map(({ id }) => id),
    ).toEqual(queries.map(({ id }) => id));
    await expect(
      train(loadConfig(tiny.config(), ["run_id=none", "recall_validation.sets=[dev]"])),
    ).rejects.toThrow(/must name evaluation sets of .*\(.*, validation\), got "dev"/);
  });
});

describe("a run's threshold", () => {
  it("is the configured one until one is saved, and what is given goes before both", async () => {
    expect(thresholdOf(run)).toBe(0.25);
    const all = await (await openSearch(run.dir, { threshold: null }))("red sneaker", 48);
    expect(all.length).toBe(48);
    expect(all.at(-1)!.score).toBeLessThan(0.25);
    const configured = await (await openSearch(run.dir))("red sneaker", 48);
    expect(configured).toEqual(all.filter(({ score }) => score >= 0.25));
    expect(await (await openSearch(run.dir, { threshold: 1.01 }))("red sneaker", 48)).toEqual([]);
  });

  it("is chosen on the validation part, saved in the run and used by its search", async () => {
    const f1 = (await saveThreshold(run.dir, { criterion: { kind: "f1" }, answers: 48 }))!;
    expect(f1.queries).toBe(20);
    expect(f1.f1).toBeGreaterThan(0.5);
    expect(savedThreshold(run)).toEqual(f1);
    expect(thresholdOf(run)).toBe(f1.threshold);
    const hits = await (await openSearch(run.dir))("red sneaker", 48);
    expect(hits.length).toBeLessThan(48);
    for (const { score } of hits) expect(score).toBeGreaterThanOrEqual(f1.threshold);
    const precise = (await saveThreshold(run.dir, { criterion: { kind: "precision", target: 0.5 } }))!;
    expect(precise.precision).toBeGreaterThanOrEqual(0.5);
    expect(savedThreshold(run)!.criterion).toEqual({ kind: "precision", target: 0.5 });
  });

  it("counts misspelled queries beside clean ones", async () => {
    const criterion = { kind: "f1" } as const;
    const clean = (await saveThreshold(run.dir, { criterion, answers: 48 }))!;
    const both = (await saveThreshold(run.dir, { criterion, answers: 48, typos: [0, 1] }))!;
    expect(both.typos).toEqual([0, 1]);
    expect(both.f1).toBeLessThan(clean.f1);
  });
});
