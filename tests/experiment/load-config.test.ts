import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { formatConfig, loadConfig, parseConfig } from "../../lib/experiment/load-config.js";
import { UserError } from "../../lib/files/user-error.js";
import { loadAnyConfig } from "../../lib/retrieval/retrievers/load-any-config.js";
import { loadKddConfig } from "../../lib/studies/kdd/load-kdd-config.js";

const EXAMPLE = "configs/emoji/published-example.yaml";
const lineOf = (needle: string) =>
  fs
    .readFileSync(EXAMPLE, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(needle)) + 1;

describe("loadConfig", () => {
  it("reads the published example and fills defaults in", () => {
    const config = loadConfig(EXAMPLE);
    expect(config).toMatchObject({
      batch_size: 64,
      learning_rate: 0.01,
      seed: 0,
      drop_last: true,
      loss: { type: "batch_softmax", temperature: 0.1 },
      optimizer: { type: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, row_moments: "float32" },
      recall_validation: { enabled: false, k: [10, 60, 100, 1024], query_typo_probabilities: [0, 0.5] },
    });
  });

  it("writes a resolved configuration that reads back equal", () => {
    const config = loadConfig(EXAMPLE, ["loss.temperature=0.05", "seed=7"]);
    expect(parseConfig(formatConfig(config), "again")).toEqual(config);
  });

  it("applies overrides inside lists and sections, reading values as YAML", () => {
    const config = loadConfig(EXAMPLE, [
      "recall_validation.k.0=5",
      "model.hidden_layers=[32, 16]",
      "reuse_epoch=false",
    ]);
    expect(config.recall_validation.k).toEqual([5, 60, 100, 1024]);
    expect(config.model).toMatchObject({ hidden_layers: [32, 16] });
    expect(config.reuse_epoch).toBe(false);
  });

  const broken: [string, string[], string][] = [
    [
      "an unknown key",
      ["model.hiden_layers=[3]"],
      "--set model.hiden_layers: model.hiden_layers is not a known key; did you mean model.hidden_layers?",
    ],
    [
      "a number out of range",
      ["loss.temperature=-1"],
      "--set loss.temperature: loss.temperature must be > 0, got -1",
    ],
    ["a word for a number", ["batch_size=many"], '--set batch_size: batch_size must be a number, got "many"'],
    [
      "a batch size that the loss contradicts",
      ["loss.batch_size=32"],
      "--set loss.batch_size: loss.batch_size must equal batch_size (64), got 32",
    ],
    [
      "a model input that is no feature",
      ["model.document.text_feature=title"],
      '--set model.document.text_feature: model.document.text_feature must name a text feature of dataset.document_features (document_name: text, document_category_id: categorical), got "title"',
    ],
    [
      "towers that end at another width",
      ["model.last_linear=false", "model.output_dim=64"],
      "--set model.output_dim: model.output_dim must equal the last hidden width (128) when model.last_linear is false, got 64",
    ],
    [
      "a vectoriser that reads nothing",
      ["text_vectorizer.word_unigrams_limit=0"],
      "--set text_vectorizer.word_unigrams_limit: text_vectorizer.word_unigrams_limit: at least one of word_unigrams_limit, word_bigrams_limit, char_trigrams_limit must be > 0, got 0, 0, 0",
    ],
    ["an override without a value", ["batch_size"], '--set: must look like key.path=value, got "batch_size"'],
  ];
  for (const [what, overrides, message] of broken)
    it(`refuses ${what} with the rule and the value`, () => {
      expect(() => loadConfig(EXAMPLE, overrides)).toThrow(new UserError(message));
    });

  it("refuses an unknown kind, listing the known ones and the nearest", () => {
    expect(() => loadConfig(EXAMPLE, ["loss.type=batch_softmx"])).toThrow(
      /^--set loss\.type: loss\.type must be one of batch_softmax, (\w+, )*triplet.*, got "batch_softmx"; did you mean batch_softmax\?$/,
    );
  });

  it("names file and line when the file itself is wrong", () => {
    const text = fs.readFileSync(EXAMPLE, "utf8").replace("temperature: 0.1", "temperature: hot");
    expect(() => parseConfig(text, "my.yaml")).toThrow(
      new UserError(`my.yaml:${lineOf("temperature")}: loss.temperature must be a number, got "hot"`),
    );
    const mismatch = fs
      .readFileSync(EXAMPLE, "utf8")
      .replace("TwoTower", "MultiModalTwoTower")
      .replace("- name: document_category_id", "- name: product_category_id");
    expect(() => parseConfig(mismatch, "my.yaml")).toThrow(
      /^my\.yaml:\d+: model\.document\.categorical_feature must name a categorical feature/,
    );
  });

  it("reports every broken rule, a line each", () => {
    try {
      loadConfig(EXAMPLE, ["batch_size=0", "nun_epochs=3"]);
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message.split("\n")).toEqual([
        "--set batch_size: batch_size must be ≥ 1, got 0",
        "--set nun_epochs: nun_epochs is not a known key; did you mean num_epochs?",
      ]);
    }
  });

  it("says why a file cannot be read or is not YAML", () => {
    expect(() => loadConfig("configs/none.yaml")).toThrow(
      new UserError("configs/none.yaml: must exist, found none"),
    );
    expect(() => parseConfig("a: [1", "x.yaml")).toThrow(/^x\.yaml:\d+: not valid YAML/);
    expect(() => parseConfig("- 1", "x.yaml")).toThrow(
      new UserError("x.yaml: must hold keys and values, got a list"),
    );
  });
});

describe("loadAnyConfig", () => {
  it("tells a BM25 baseline from an encoder", () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-")), "bm25.yaml");
    fs.writeFileSync(file, "system: bm25\ntask_id: t\nrun_id: r\ndataset_dir: data/emoji\n");
    expect(loadAnyConfig(file)).toMatchObject({ kind: "bm25", config: { k1: 1.2, b: 0.75 } });
    expect(loadAnyConfig(EXAMPLE).kind).toBe("dense");
  });

  it("reads every configuration that comes with the workspace", () => {
    const files = fs
      .readdirSync("configs", { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".yaml") && !/^(sweeps|studies|kdd|tune)\//.test(name))
      .map((name) => path.join("configs", name));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) expect(() => loadAnyConfig(file), file).not.toThrow();
    expect(() => loadKddConfig("configs/kdd/emoji.yaml")).not.toThrow();
  });
});
