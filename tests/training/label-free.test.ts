import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readItems } from "../../lib/datasets/items.js";
import { encodeAll } from "../../lib/encoders/encode-all.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { loadExperiment } from "../../lib/experiment/load-experiment.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import { openSearch } from "../../lib/retrieval/retrievers/search-run.js";
import { train } from "../../lib/training/train.js";
import { referenceCosines } from "../support/reference-losses.js";
import { tinyDataset } from "../support/tiny-dataset.js";
import { writeTinyTransformer } from "../support/tiny-transformer.js";

const tiny = tinyDataset();
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));
const model = path.join(tiny.root, "tiny-bert");
writeTinyTransformer(model);

const vector = { name: "vector", type: "pretrained", from: ["document_name"], model, dim: 32 };
const base = {
  num_epochs: 40,
  batch_size: 16,
  learning_rate: 0.05,
  dataset: {
    query_features: [{ name: "query_search_phrase", type: "text" }],
    document_features: [vector],
    labelled_pairs: 0,
    document_pairs: "document_name",
  },
  distillation: { teacher: model, embeddings: 1, ranking: 0 },
  model: {
    type: "QueryBag",
    text_embedding: { num_embeddings: 41, embedding_dim: 32 },
    output_dim: 32,
    query: { text_feature: "query_search_phrase" },
    document: { text_feature: "document_name", vector_feature: "vector" },
  },
};
const config = (id: string, more: Record<string, unknown> = {}, ...overrides: string[]) =>
  loadConfig(tiny.config({ ...base, ...more }), [`run_id=${id}`, ...overrides]);

describe("a query tower in the space of a transformer's documents", () => {
  it("learns without any label to put a text where the transformer puts it, and searches without it", async () => {
    const run = await train(config("free"));
    expect(run.manifest().counts).toMatchObject({ "pairs of documents with themselves": 48 });
    const opened = await openEncoder(run.dir, {});
    const { features, sets } = await loadExperiment(opened.config, {}, { training: false });
    const { items } = await readItems(path.join(tiny.dir, "recall_validation_items_dataset/items.json"));
    const rows = (values: Float32Array) => items.map((_, i) => [...values.subarray(i * 32, (i + 1) * 32)]);
    const names = items.map((item) => ({ query_search_phrase: item["document_name"]! }));
    const queries = encodeAll(opened.encoder, features.queryFeatures.encode(names), "query");
    const documents = encodeAll(opened.encoder, features.documentFeatures.encode(items), "document");
    const cosines = referenceCosines(rows(queries), rows(documents));
    const own = cosines.map((row, i) => row[i]!);
    expect(own.reduce((a, b) => a + b) / own.length).toBeGreaterThan(0.95);
    expect(sets[0]!.pool.items).toHaveLength(48);
    opened.encoder.dispose();

    const search = await openSearch(run.dir);
    const [hit] = await search("pink clock", 1);
    expect(hit!.name).toBe("pink clock");
  });

  it("turns the documents onto the axes that narrower queries are taught on", async () => {
    const narrow = {
      ...base.model,
      text_embedding: { num_embeddings: 41, embedding_dim: 12 },
      output_dim: 12,
    };
    const run = await train(config("narrow", { model: narrow }));
    const { encoder, config: stored } = await openEncoder(run.dir, {});
    const { features, sets } = await loadExperiment(stored, {}, { training: false });
    const axes = encoder.weights["document.axes"]!.arraySync() as number[][];
    for (let a = 0; a < 12; a++)
      for (let b = 0; b < 12; b++)
        expect(axes.reduce((sum, row) => sum + row[a]! * row[b]!, 0)).toBeCloseTo(a === b ? 1 : 0, 4);
    const { pool } = sets[0]!;
    const queries = encodeAll(
      encoder,
      features.queryFeatures.encode(
        pool.items.map((item) => ({ query_search_phrase: item["document_name"]! })),
      ),
      "query",
    );
    const documents = encodeAll(encoder, features.documentFeatures.encode(pool.items), "document");
    const rows = (values: Float32Array) =>
      pool.items.map((_, i) => [...values.subarray(i * 12, (i + 1) * 12)]);
    const own = referenceCosines(rows(queries), rows(documents)).map((row, i) => row[i]!);
    expect(own.reduce((a, b) => a + b) / own.length).toBeGreaterThan(0.95);
    encoder.dispose();
  });

  it("says in one line what does not fit: widths, models, pairs", async () => {
    const wide = { ...base.model, text_embedding: { num_embeddings: 41, embedding_dim: 64 }, output_dim: 64 };
    expect(() => config("wide", { model: wide })).toThrow(
      /model\.output_dim.*must be at most the width of the documents' vectors, 32, got 64/,
    );
    const features = (feature: object) => ({
      dataset: { ...base.dataset, document_features: [{ ...vector, ...feature }] },
    });
    await expect(train(config("dim", features({ dim: 40 })))).rejects.toThrow(
      /feature vector: dim must be the width of .*tiny-bert, 32, got 40/,
    );
    const other = path.join(tiny.root, "other-bert");
    writeTinyTransformer(other);
    await expect(train(config("other", features({ model: other })))).rejects.toThrow(
      /distillation\.teacher: must be the model that vector is read from \(.*other-bert\), got .*tiny-bert/,
    );
    await expect(train(config("none", {}, "dataset.document_pairs=null"))).rejects.toThrow(
      /without labelled pairs there must be pairs of documents' own texts/,
    );
    await expect(
      train(config("lost", features({ model: "nowhere" }), "distillation.teacher=nowhere")),
    ).rejects.toThrow(/nowhere/);
  });
});

describe("dataset.labelled_pairs", () => {
  it("draws so many of the training pairs by the seed, the fewer a part of the more", async () => {
    const pairsOf = async (labels: number | null, seed = 3) => {
      const settings = loadConfig(tiny.config(), [`dataset.labelled_pairs=${labels}`, `seed=${seed}`]);
      const { pairs } = await loadExperiment(settings, {});
      return Array.from(
        pairs.queryOf,
        (q, i) =>
          `${pairs.queryRows![q]!["query_search_phrase"]} → ${pairs.documentRows![pairs.documentOf[i]!]!["document_name"]}`,
      );
    };
    const all = await pairsOf(null);
    expect(await pairsOf(9999)).toEqual(all);
    const [ten, forty] = [await pairsOf(10), await pairsOf(40)];
    expect([ten.length, forty.length]).toEqual([10, 40]);
    for (const pair of ten) expect(forty).toContain(pair);
    for (const pair of forty) expect(all).toContain(pair);
    expect(await pairsOf(10, 4)).not.toEqual(ten);
  });
});
