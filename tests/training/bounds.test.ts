import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { architectureFrom } from "../../lib/encoders/pretrained/bert-config.js";
import { evaluate } from "../../lib/evaluation/evaluate.js";
import { reevaluateRun } from "../../lib/evaluation/reevaluate-run.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { searchRun } from "../../lib/retrieval/retrievers/search-run.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();

describe("sizes that no memory holds", () => {
  it("are refused with the configuration", () => {
    const load = (...set: string[]) => loadConfig(tiny.config(), set);
    const model = (key: string) => `model.${key}`;
    for (const [key, value, most] of [
      ["output_dim", "1000000000", "≤ 65536"],
      ["text_embedding.embedding_dim", "1000000000", "≤ 65536"],
      ["hidden_layers.0", "1000000000", "≤ 65536"],
    ] as const)
      expect(() => load(`${model(key)}=${value}`)).toThrow(
        `--set ${model(key)}: ${model(key)} must be ${most}, got ${value}`,
      );
    expect(() => load("model.text_embedding.num_embeddings=1000000000")).toThrow(
      /must make a table of at most 2³⁰ numbers \(4 GiB\), got 1000000000 × 16$/,
    );
    const layers = Array.from({ length: 1001 }, () => 1);
    expect(() => loadConfig(tiny.config(), [`model.hidden_layers=[${layers}]`])).toThrow(/hidden_layers/);
    const sizes = { vocab_size: 9, hidden_size: 4, num_attention_heads: 2, intermediate_size: 4 };
    expect(() => architectureFrom({ ...sizes, num_hidden_layers: 1e9 }, "config.json")).toThrow(
      "transformer: numHiddenLayers must be at most 1000, got 1000000000",
    );
  });
});

describe("cut-offs beyond the documents", () => {
  it("ask for all documents, whatever their number", async () => {
    const set = ["num_epochs=1", "recall_validation.k=[5, 1000000000]"];
    const run = await train(loadConfig(tiny.config(), set), { listener: {}, threads: 1 });
    const all = run.queries();
    expect(new Set(all.map(({ values }) => values["Recall@1000000000"]))).toEqual(new Set([1]));
    await reevaluateRun(run.dir, { ks: [5, 48, 2_000_000_000], typoProbabilities: [0, 0.5], listener: {} });
    run.queries().forEach(({ values, id }, i) => {
      expect([values["Recall@5"], values["MRR@2000000000"], id]).toEqual([
        all[i]!.values["Recall@5"],
        all[i]!.values["MRR@1000000000"],
        all[i]!.id,
      ]);
    });
    const documents = fs.readFileSync(
      path.join(tiny.dir, "recall_validation_items_dataset/items.json"),
      "utf8",
    );
    const found = await searchRun(run, "red sneaker", { k: 1_000_000_000, listener: {} });
    expect(found).toHaveLength(documents.trim().split("\n").length);
  });
});

describe("an evaluation that cannot be", () => {
  const retriever = { index: async () => expect.unreachable(), retrieve: async () => [] };
  const pool = { items: [{ name: "a" }], ids: ["a"] };
  const query = { id: "q", fields: {}, relevant: new Set([0]), grades: new Map([[0, 1]]) };
  const set = { name: "test", pool, queries: [query], missingDocuments: 0, skippedQueries: 0 };

  it("is found before anything is embedded: typos without text, sets without an answer", async () => {
    const options = { retriever, ks: [1], textColumns: [], typoProbabilities: [0, 0.5], prepare: String };
    await expect(evaluate({ ...options, sets: [set] })).rejects.toThrow(
      "query_typo_probabilities: must be [0] for queries without text, got [0, 0.5]",
    );
    await expect(
      evaluate({ ...options, typoProbabilities: [0], sets: [set, { ...set, name: "none", queries: [] }] }),
    ).rejects.toThrow('evaluate: set "none" must hold a query with a relevant document, got none');
  });

  it("stops training before its first epoch", async () => {
    const broken = tinyDataset();
    const file = path.join(broken.dir, "recall_validation_queries_dataset/queries.json");
    const queries = fs
      .readFileSync(file, "utf8")
      .replace(/"relevant_document_ids":\s*\[[^\]]*\]/g, '"relevant_document_ids":["lost"]');
    fs.writeFileSync(file, queries);
    const epochs: string[] = [];
    await expect(
      train(loadConfig(broken.config()), { listener: { line: (text) => epochs.push(text) }, threads: 1 }),
    ).rejects.toThrow(/must hold a query with a relevant document/);
    expect(epochs.filter((line) => line.startsWith("epoch"))).toEqual([]);
    expect(fs.existsSync(path.join(broken.root, "runs/tiny/run"))).toBe(false);
  });
});
