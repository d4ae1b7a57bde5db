import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { misspelledPairs } from "../../lib/experiment/misspelled-pairs.js";
import { buildPairs, pairBatch } from "../../lib/experiment/pairs.js";
import { FeaturePipeline } from "../../lib/features/feature-pipeline.js";
import { CategoricalMapper } from "../../lib/tokenizer/categorical-mapper.js";
import { DictionaryVectorizer } from "../../lib/tokenizer/dictionary-vectorizer.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { createTypos } from "../../lib/typos/create-typos.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

const dictionary = new Map(["red", "blue", "shoe", "hat"].map((word, i) => [word, i + 1]));
const vectorizer = new DictionaryVectorizer({
  dictionary,
  numOovTokens: 50,
  wordUnigramsLimit: 3,
  wordBigramsLimit: 0,
  charTrigramsLimit: 0,
});
const features = {
  query: new FeaturePipeline({ features: [{ name: "q", type: "text" }], vectorizer }),
  document: new FeaturePipeline({ features: [{ name: "d", type: "text" }], vectorizer }),
};
const pairs = buildPairs(
  { q: ["red shoe", "blue hat", "red shoe"], d: ["shoe", "hat", "red"] },
  { query: ["q"], document: ["d"] },
  features,
);
const options = (change: Partial<Parameters<typeof misspelledPairs>[1]> = {}) => ({
  features: features.query,
  model: createTypos("doubling"),
  probability: 1,
  augment: 0.5,
  inThreeParts: false,
  random: new Random(5),
  ...change,
});
const order = Int32Array.of(0, 1, 2);
const ids = (batch: ReturnType<typeof pairBatch>) => {
  const column = batch.queries.columns["q"] as { ids: Int32Array };
  return Array.from({ length: batch.queries.size }, (_, i) => [...column.ids.slice(3 * i, 3 * i + 3)]);
};

describe("misspelledPairs", () => {
  it("points a share of the pairs at misspelled queries; identities stay", () => {
    const all = misspelledPairs(pairs, options({ augment: 1 }));
    const none = misspelledPairs(pairs, options({ augment: 0 }));
    const batch = pairBatch(all, order, 0, 3);
    expect([...batch.queryIds]).toEqual([0, 1, 0]);
    expect(ids(pairBatch(none, order, 0, 3))).toEqual(ids(pairBatch(pairs, order, 0, 3)));
    for (const row of ids(batch)) for (const id of row.slice(0, 2)) expect(id).toBeGreaterThan(4); // every word doubled a letter: hashed
    let misspelled = 0;
    for (let seed = 0; seed < 200; seed++) {
      const some = misspelledPairs(pairs, options({ augment: 0.3, random: new Random(seed) }));
      misspelled += some.queryRowOf!.filter((row) => row >= 2).length;
    }
    expect(misspelled / 600).toBeGreaterThan(0.24); // three standard errors are 0.056
    expect(misspelled / 600).toBeLessThan(0.36);
  });

  it("gives batches three parts for self-teaching: trained on, misspelled, clean", () => {
    const batch = pairBatch(misspelledPairs(pairs, options({ augment: 0, inThreeParts: true })), order, 0, 3);
    const rows = ids(batch);
    expect(batch.queries.size).toBe(9);
    expect(rows.slice(0, 3)).toEqual(rows.slice(6, 9));
    expect(rows.slice(3, 6)).not.toEqual(rows.slice(6, 9));
    expect(batch.documents.size).toBe(3);
  });

  it("misspells a feature that is read from other columns, and not the category of the same column", () => {
    const queries = new FeaturePipeline({
      features: [
        { name: "query", type: "text", from: ["title", "shade"] },
        { name: "shade", type: "categorical" },
      ],
      vectorizer,
      categories: {
        shade: new CategoricalMapper({ dictionary: new Map([["red", 1]]), numOovCategories: 4 }),
      },
    });
    const read = buildPairs(
      { title: ["shoe", "hat"], shade: ["red", "blue"], d: ["shoe", "hat"] },
      { query: ["title", "shade"], document: ["d"] },
      { query: queries, document: features.document },
    );
    const { columns } = misspelledPairs(read, options({ features: queries, augment: 1 })).queries;
    const words = (columns["query"] as { ids: Int32Array }).ids;
    const known = (row: number) => [...words.slice(3 * row, 3 * row + 2)].filter((id) => id <= 4).length;
    expect([0, 1, 2, 3].map(known)).toEqual([2, 2, 0, 0]);
    const shades = (columns["shade"] as { ids: Int32Array }).ids;
    expect([...shades.slice(2)]).toEqual([...shades.slice(0, 2)]);
  });

  it("draws anew with another generator and the same with the same", () => {
    const random = (seed: number) =>
      misspelledPairs(pairs, options({ model: createTypos("qwerty"), random: new Random(seed) }));
    expect(random(1)).toEqual(random(1));
    expect(random(1).queries).not.toEqual(random(2).queries);
  });
});

describe("training on misspelled queries", () => {
  let tiny: TinyDataset;
  const recipe = [
    "num_epochs=6",
    "text_vectorizer={type: subword, dictionary_path: tokens, num_oov_tokens: 10, words_limit: 4, min_length: 2, max_length: 3, buckets: 500, ngrams_limit: 32}",
    "model.text_embedding.num_embeddings=560",
    "recall_validation.query_typo_probabilities=[0, 1]",
  ];
  const run = (id: string, typos: string, more: string[] = []) =>
    train(loadConfig(tiny.config(), [...recipe, `run_id=${id}`, `typos=${typos}`, ...more]), { threads: 1 });
  const last = (folder: RunFolder, name: string) =>
    folder
      .metrics()
      .filter((m) => m.name === name)
      .at(-1)!.value;
  const bytes = (folder: RunFolder) =>
    fs.readFileSync(path.join(folder.dir, "models/model.safetensors")).toString("base64");

  beforeAll(() => {
    tiny = tinyDataset();
  });

  it("finds more under typos, with augmentation as with self-teaching, and stays seeded through a resume", async () => {
    const clean = await run("clean", "null");
    const augmented = await run("augmented", "{augment: 0.5}");
    const taught = await run("taught", "{augment: 0, self_teaching: 1}");
    const name = "Recall@5/typos_prob=1";
    expect(last(augmented, name)).toBeGreaterThan(last(clean, name));
    expect(last(taught, name)).toBeGreaterThan(last(clean, name));
    const divergences = taught.metrics().filter((m) => m.name === "SelfTeachingDivergence");
    expect(divergences.map((m) => m.epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const { value } of divergences) expect(value).toBeGreaterThan(0);
    expect(augmented.manifest().engine).toMatch(/^fused/);
    expect(taught.manifest().engine).toMatch(/^fused/);
    await run("halved", "{augment: 0, self_teaching: 1}", ["num_epochs=3"]);
    const halved = await run("halved", "{augment: 0, self_teaching: 1}");
    expect(bytes(halved)).toBe(bytes(taught));
  });

  it("aligns misspelled with clean queries in fused steps as in tfjs; finds more under typos", async () => {
    const clean = await run("unaligned", "null");
    const aligned = await run("aligned", "{augment: 0, contrastive: 1, temperature: 0.2}");
    const name = "Recall@5/typos_prob=1";
    expect(last(aligned, name)).toBeGreaterThan(last(clean, name));
    const alignments = aligned.metrics().filter((m) => m.name === "ContrastiveAlignment");
    expect(alignments.map((m) => m.epoch)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(alignments[5]!.value).toBeLessThan(alignments[0]!.value);
    expect(aligned.metrics().some((m) => m.name === "SelfTeachingDivergence")).toBe(false);
    expect(aligned.manifest().engine).toBe("fused, 1 thread");
    const plain = await run("aligned-tfjs", "{augment: 0, contrastive: 1, temperature: 0.2}", [
      "engine=tfjs",
    ]);
    plain
      .metrics()
      .filter((m) => m.name === "ContrastiveAlignment")
      .forEach(({ value }, epoch) => {
        expect(alignments[epoch]!.value).toBeCloseTo(value, 3);
      });
    await run("aligned-halved", "{augment: 0, contrastive: 1, temperature: 0.2}", ["num_epochs=3"]);
    const halved = await run("aligned-halved", "{augment: 0, contrastive: 1, temperature: 0.2}");
    expect(bytes(halved)).toBe(bytes(aligned));
    const both = await run("both", "{augment: 0, contrastive: 0.5, self_teaching: 1}", ["num_epochs=1"]);
    const names = both.metrics().map((m) => m.name);
    expect(names).toContain("ContrastiveAlignment");
    expect(names).toContain("SelfTeachingDivergence");
  });

  it("trains and evaluates on misspelled queries whose feature has another name than their column", async () => {
    const named = [
      "num_epochs=1",
      "dataset.query_features=[{name: words, type: text, from: [query_search_phrase]}]",
      "model.query.text_feature=words",
    ];
    for (const mode of ["never", "always"]) {
      const streaming = `streaming.mode=${mode}`;
      const own = await run(`own-name-${mode}`, "{augment: 1}", ["num_epochs=1", streaming]);
      const other = await run(`other-name-${mode}`, "{augment: 1}", [...named, streaming]);
      expect(other.metrics()).toEqual(own.metrics());
      expect(other.queries()).toEqual(own.queries());
      const clean = await run(`clean-${mode}`, "null", ["num_epochs=1", streaming]);
      expect(clean.metrics()[0]!.value).not.toBe(own.metrics()[0]!.value);
    }
  });

  it("refuses unknown kinds of typos, and settings that do nothing", async () => {
    await expect(run("bad", "{model: fingers}")).rejects.toThrow(
      /^unknown typo model "fingers"; known: qwerty, /,
    );
    expect(() => loadConfig(tiny.config(), ["typos={augment: 0}"])).toThrow(
      /augment, self_teaching or contrastive must be > 0, got 0, 0 and 0/,
    );
    await expect(run("none", `{model: real, misspellings_dir: ${tiny.root}/none}`)).rejects.toThrow(
      /misspellings\.json: file must exist/,
    );
  });
});
