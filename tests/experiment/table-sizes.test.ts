import fs from "node:fs";
import { describe, expect, it } from "vitest";
import { readDictionary } from "../../lib/datasets/dictionary-file.js";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { encoderSpec } from "../../lib/experiment/specs.js";
import { resolveTableSizes } from "../../lib/experiment/table-sizes.js";
import { createVectorizer } from "../../lib/experiment/vectorizers.js";
import { UserError } from "../../lib/files/user-error.js";
import { isFinished } from "../../lib/runs/run-sweep.js";
import { OovIds } from "../../lib/tokenizer/oov-id.js";
import { vectorizeText } from "../../lib/tokenizer/text-vectorizer.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";

const tiny = tinyDataset();
const AUTO = "model.text_embedding.num_embeddings=auto";
const dictionary = fs.readFileSync(`${tiny.dir}/tokens/dictionary.json`, "utf8").trim().split("\n").length;
const categories = fs
  .readFileSync(`${tiny.dir}/categories/dictionary.json`, "utf8")
  .trim()
  .split("\n").length;
const load = (...set: string[]) => resolveTableSizes(loadConfig(tiny.config(), set)).model;

describe("num_embeddings: auto", () => {
  it("is dictionary entries + OOV tokens + buckets, as the vectoriser needs", () => {
    expect(load(AUTO).text_embedding.num_embeddings).toBe(dictionary + 10);
    const subword =
      "text_vectorizer={type: subword, dictionary_path: tokens, num_oov_tokens: 7, words_limit: 4, buckets: 64, ngrams_limit: 8}";
    expect(load(AUTO, subword).text_embedding.num_embeddings).toBe(dictionary + 7 + 64);
    const hashed = "text_vectorizer={type: hashing, num_features: 64, max_length: 4}";
    expect(load(AUTO, hashed).text_embedding.num_embeddings).toBe(64);
  });

  it("counts a pruned dictionary's most frequent entries, and hashes the others", () => {
    const pruned = loadConfig(tiny.config(), [AUTO, "text_vectorizer.dictionary_size=5"]);
    expect(resolveTableSizes(pruned).model.text_embedding.num_embeddings).toBe(5 + 10);
    const whole = createVectorizer(loadConfig(tiny.config()));
    const fewer = createVectorizer(pruned);
    const [word] = [...readDictionary(`${tiny.dir}/tokens`, "token")].find(([, id]) => id === 5)!;
    expect(vectorizeText(fewer, word)[0]).toBe(5);
    const [rare] = [...readDictionary(`${tiny.dir}/tokens`, "token")].find(([, id]) => id === 6)!;
    expect(vectorizeText(whole, rare)[0]).toBe(6);
    const hashed = new OovIds(5, 9).id(rare); // of 10 buckets the last is never used
    expect(vectorizeText(fewer, rare)[0]).toBe(hashed);
  });

  it("is the entries of a category's dictionary + its OOV buckets, of both kinds of towers", () => {
    const both = load(AUTO, "model.type=MultiModalTwoTower", "model.category_feature.num_embeddings=auto");
    expect(both).toMatchObject({ category_feature: { num_embeddings: categories + 2 } });
    const encoder = "{type: category, num_embeddings: auto, embedding_dim: 4}";
    const towers = load(
      `model={type: Towers, text_embedding: {num_embeddings: auto, embedding_dim: 4}, output_dim: 4,
        query: {text_feature: query_search_phrase, features: [{feature: query_search_phrase, encoder: {type: bag}}]},
        document: {text_feature: document_name, features: [{feature: document_category_id, encoder: ${encoder}}]}}`,
    );
    expect(towers).toMatchObject({
      text_embedding: { num_embeddings: dictionary + 10 },
      document: { features: [{ encoder: { num_embeddings: categories + 2 } }] },
    });
  });

  it("refuses anything else, and a dictionary that is not there", () => {
    const key = "model.text_embedding.num_embeddings";
    for (const [value, message] of [
      ["all", 'must be a whole number ≥ 1 or auto, got "all"'],
      ["0", "must be ≥ 1, got 0"],
    ])
      expect(() => loadConfig(tiny.config(), [`${key}=${value}`])).toThrow(
        new UserError(`--set ${key}: ${key} ${message}`),
      );
    expect(() => load(AUTO, "text_vectorizer.dictionary_path=nowhere")).toThrow(/nowhere/);
    expect(() => encoderSpec(loadConfig(tiny.config(), [AUTO]))).toThrow(/must be resolved/);
  });

  it("is stored as the number, trains as it, and goes on with either", async () => {
    const run = await train(loadConfig(tiny.config(), [AUTO, "num_epochs=1", "run_id=auto"]), { threads: 1 });
    expect(fs.readFileSync(run.configFile, "utf8")).toContain(`num_embeddings: ${dictionary + 10}\n`);
    expect(isFinished(loadConfig(tiny.config(), [AUTO, "num_epochs=1", "run_id=auto"]))).toBe(true);
    const number = `model.text_embedding.num_embeddings=${dictionary + 10}`;
    const longer = await train(loadConfig(tiny.config(), [number, "num_epochs=2", "run_id=auto"]), {
      threads: 1,
    });
    const written = await train(loadConfig(tiny.config(), [number, "num_epochs=2", "run_id=number"]), {
      threads: 1,
    });
    expect(fs.readFileSync(longer.metricsFile)).toEqual(fs.readFileSync(written.metricsFile));
  });
});
