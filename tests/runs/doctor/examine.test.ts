import fs from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeAll } from "../../../lib/encoders/encode-all.js";
import { OnnxEncoder } from "../../../lib/encoders/onnx/onnx-encoder.js";
import { readTransformerFolder } from "../../../lib/encoders/pretrained/transformer-folder.js";
import { TransformerEncoder } from "../../../lib/encoders/transformer/transformer-encoder.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { Random } from "../../../lib/engine/random/random.js";
import { loadConfig } from "../../../lib/experiment/load-config.js";
import type { PairSet } from "../../../lib/experiment/pairs.js";
import { tokenColumn } from "../../../lib/features/token-column.js";
import { TokenReader } from "../../../lib/features/token-reader.js";
import { distinctPairs } from "../../../lib/runs/doctor/distinct-pairs.js";
import { examine } from "../../../lib/runs/doctor/examine.js";
import { gradientReach } from "../../../lib/runs/doctor/gradient-reach.js";
import { exportRun } from "../../../lib/runs/export-run.js";
import { formatVocabulary } from "../../../lib/tokenizer/wordpiece/read-vocabulary.js";
import { trainVocabulary } from "../../../lib/tokenizer/wordpiece/train-vocabulary.js";
import { WordPieceTokenizer } from "../../../lib/tokenizer/wordpiece/wordpiece-tokenizer.js";
import { train } from "../../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../../support/tiny-dataset.js";

let tiny: TinyDataset;
beforeAll(() => {
  tiny = tinyDataset();
  const texts =
    "red blue green black white pink shoe shirt lamp chair phone bottle scarf clock sneaker footwear".split(
      " ",
    );
  const vocabulary = trainVocabulary(
    [...texts, ...texts, "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba"],
    { size: 90 },
  );
  fs.writeFileSync(path.join(tiny.dir, "vocab.txt"), formatVocabulary(new WordPieceTokenizer(vocabulary)));
});
afterAll(() => fs.rmSync(tiny.root, { recursive: true, force: true }));

const transformer = (more: Record<string, unknown> = {}) => ({
  dataset: {
    query_features: [{ name: "query_search_phrase", type: "text" }],
    document_features: [{ name: "document_name", type: "text" }],
  },
  text_vectorizer: { type: "word_pieces", vocabulary_path: ".", max_length: 12 },
  learning_rate: 0.003,
  model: {
    type: "Transformer",
    text_embedding: { num_embeddings: 90, embedding_dim: 16 },
    output_dim: 16,
    num_layers: 1,
    num_heads: 2,
    max_positions: 16,
    query: { text_feature: "query_search_phrase" },
    document: { text_feature: "document_name" },
    ...more,
  },
});

describe("examine", () => {
  it("passes the tiny two towers: near ln B, every gradient, one batch overfitted, a forecast", async () => {
    const { findings, forecast } = await examine(loadConfig(tiny.config()));
    expect(findings.map(({ check }) => check)).toEqual([
      "loss before training",
      "gradients",
      "memory",
      "overfit one batch",
    ]);
    expect(findings.filter(({ outcome }) => outcome === "wrong")).toEqual([]);
    expect(forecast.engine).toMatch(/^fused, /);
    const byTfjs = await examine(loadConfig(tiny.config(), ["engine=tfjs"]));
    expect(byTfjs.forecast.engine).toBe("tfjs (as configured)");
    expect(forecast.steps).toBe(3 * Math.floor((8 * 84) / 16));
    expect(forecast.seconds).toBeCloseTo(forecast.steps / forecast.stepsPerSecond, 6);
  });

  it("passes a small transformer of separate sides", async () => {
    const sizes = { text_embedding: { num_embeddings: 90, embedding_dim: 32 }, output_dim: 32 };
    const model = transformer({ ...sizes, sides: "separate", dropout: 0, attention_dropout: 0 });
    const { findings } = await examine(loadConfig(tiny.config(model), ["batch_size=8"]));
    expect(findings.filter(({ outcome }) => outcome === "wrong")).toEqual([]);
  });

  it("says what is wrong: a learning rate that learns nothing, and one that breaks the numbers", async () => {
    const slow = await examine(loadConfig(tiny.config(), ["learning_rate=0.0000001"]), { steps: 5 });
    expect(slow.findings.at(-1)).toMatchObject({ check: "overfit one batch", outcome: "wrong" });
    expect(slow.findings.at(-1)!.detail).toMatch(/must fall below 0.1 within 5 steps/);
  });
});

describe("loss before training", () => {
  it("is within 5 % of ln B for B = 2, 8, 32 with an untrained transformer and unnormalised dot products", async () => {
    await selectBackend("wasm");
    const encoder = new TransformerEncoder(
      {
        architecture: {
          vocabSize: 90,
          hiddenSize: 32,
          numHiddenLayers: 2,
          numAttentionHeads: 2,
          intermediateSize: 64,
          maxPositionEmbeddings: 16,
          typeVocabSize: 2,
          layerNormEps: 1e-12,
          hiddenDropout: 0,
          attentionDropout: 0,
        },
        pooling: "mean",
        normalize: true,
        sides: "separate",
        queryTextFeature: "t",
        documentTextFeature: "t",
      },
      new Random(4),
    );
    const random = new Random(6);
    for (const size of [2, 8, 32]) {
      let total = 0;
      for (let i = 0; i < 20; i++) {
        const texts = () =>
          tokenColumn(
            Array.from({ length: size }, () => ({
              ids: Int32Array.from({ length: 8 }, () => 5 + random.int(85)),
              typeIds: new Uint8Array(8),
            })),
          );
        total += tf.tidy(() => {
          const scores = tf.matMul(
            encoder.embedQueries({ size, columns: { t: texts() } }),
            encoder.embedDocuments({ size, columns: { t: texts() } }),
            false,
            true,
          );
          const own = tf.sum(tf.mul(scores, tf.eye(size)), 1);
          return tf.mean(tf.sub(tf.logSumExp(scores, 1), own)).dataSync()[0]!;
        });
      }
      expect(Math.abs(total / 20 / Math.log(size) - 1)).toBeLessThan(0.05);
    }
    encoder.dispose();
  });
});

describe("gradientReach", () => {
  it("names parameters that a loss leaves alone and gradients that are not finite", async () => {
    await selectBackend("wasm");
    const used = tf.variable(tf.tensor1d([1, 2]));
    const unused = tf.variable(tf.tensor1d([1, 2]));
    const broken = tf.variable(tf.tensor1d([0, 1]));
    const encoder = { weights: { used, unused, broken }, tables: {} } as never;
    const loss = () => tf.sum(tf.add(tf.square(used), tf.log(broken))) as tf.Scalar;
    expect(gradientReach(encoder, loss)).toEqual({
      unreached: ["unused"],
      notFinite: ["broken"],
      parameters: 3,
    });
    tf.dispose([used, unused, broken]);
  });
});

describe("distinctPairs", () => {
  it("never takes a query or a document twice", () => {
    const pairs = {
      queryOf: Int32Array.of(0, 0, 1, 1, 2, 3),
      documentOf: Int32Array.of(0, 1, 0, 2, 2, 3),
    } as unknown as PairSet;
    for (let seed = 0; seed < 20; seed++) {
      const rows = Array.from(distinctPairs(pairs, 9, new Random(seed)));
      expect(new Set(rows.map((row) => pairs.queryOf[row])).size).toBe(rows.length);
      expect(new Set(rows.map((row) => pairs.documentOf[row])).size).toBe(rows.length);
    }
    expect(distinctPairs(pairs, 2, new Random(1))).toHaveLength(2);
  });
});

describe("a transformer from configuration to export", () => {
  it("trains, resumes to the same bytes, finds what it learned, and leaves files that others read", async () => {
    const config = loadConfig(tiny.config(transformer()), ["num_epochs=4"]);
    const run = await train(config);
    const metrics = run.metrics();
    const values = (name: string) => metrics.filter((m) => m.name === name).map((m) => m.value);
    expect(values("AverageLoss/train").at(-1)!).toBeLessThan(values("AverageLoss/train")[0]! - 0.3);
    const interrupted = loadConfig(tiny.config(transformer()), ["num_epochs=2", "run_id=again"]);
    await train(interrupted);
    const resumed = await train({ ...interrupted, num_epochs: 4 });
    expect(resumed.metrics()).toEqual(metrics);

    const outDir = path.join(tiny.root, "exported");
    await exportRun(run.dir, outDir);
    expect(fs.readdirSync(outDir).sort()).toEqual([
      "document.onnx",
      "onnx.json",
      "query.onnx",
      "query_encoder.py",
      "transformer",
      "vectorizer.json",
    ]);
    const folder = readTransformerFolder(path.join(outDir, "transformer"));
    const names = { queryTextFeature: "t", documentTextFeature: "t" };
    const encoder = new TransformerEncoder(
      { ...folder, ...names, sides: "shared", initial: folder.weights },
      new Random(1),
    );
    const reader = new TokenReader(folder.tokenizer, folder.maxLength);
    const batch = { size: 3, columns: { t: reader.read(["red shoe", "blue lantern", ""]) } };
    const expected = encodeAll(encoder, batch, "query");
    const { query } = JSON.parse(fs.readFileSync(path.join(outDir, "onnx.json"), "utf8"));
    const inputs = query.inputs.map((input: object) => ({ ...input, feature: "t" }));
    const session = await OnnxEncoder.open({
      ...query,
      inputs,
      bytes: fs.readFileSync(path.join(outDir, "query.onnx")),
    });
    const actual = await session.encodeAll(batch);
    expect(Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)))).toBeLessThan(1e-5);
    await session.dispose();
    encoder.dispose();
  });
});
