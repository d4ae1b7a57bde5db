import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeJsonLines } from "../../../lib/datasets/json-lines.js";
import { writeParquet } from "../../../lib/datasets/parquet.js";
import { type KddConfig, kddSchema } from "../../../lib/studies/kdd/kdd-schema.js";
import { filesOf } from "../../../lib/studies/kdd/prepare.js";
import { type KddStep, runKdd } from "../../../lib/studies/kdd/run-kdd.js";
import { readCheckpoint } from "../../../lib/tracking/checkpoint.js";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-kdd-parallel-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** Eighteen coloured rectangles, and queries of different lengths about them. */
function shapes(): string {
  const dir = path.join(root, "shapes");
  const items = ["red", "lime", "blue", "yellow", "purple", "black"].flatMap((colour) =>
    [48, 30, 12].map((height) => ({
      document_id: `${colour}-${height}`,
      document_name: `${colour} ${{ 48: "square", 30: "box", 12: "bar" }[height]}`,
      document_picture: `data:image/svg+xml;base64,${Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" fill="${colour}"><rect x="8" y="8" width="48" height="${height}"/></svg>`).toString("base64")}`,
    })),
  );
  fs.mkdirSync(path.join(dir, "training_dataset"), { recursive: true });
  const rows = items.flatMap((item) =>
    ["nice", "very cheap", "new and big"].map((words) => [
      `${words} ${item.document_name}`,
      item.document_id,
    ]),
  );
  writeParquet(path.join(dir, "training_dataset", "part-00000.parquet"), {
    query_search_phrase: rows.map(([query]) => query!),
    document_id: rows.map(([, id]) => id!),
  });
  const queries = items.map((item) => ({
    query_search_phrase: `good ${item.document_name}`,
    relevant_document_ids: [item.document_id],
  }));
  writeJsonLines(path.join(dir, "recall_validation_items_dataset", "items.json"), items);
  writeJsonLines(path.join(dir, "recall_validation_queries_dataset", "queries.json"), queries);
  return dir;
}

/** Every training is one step over all pairs, without dropout. */
function configOf(work: string, processes: number, engine: "jit" | "tfjs" = "tfjs"): KddConfig {
  const matching = { epochs: 1, batch_size: 54, image_rate: 1e-3, text_rate: 3e-3, dropout: 0 };
  return kddSchema.parse({
    ...{ system: "kdd", seed: 1, data_dir: path.join(root, "task"), work_dir: path.join(root, work) },
    ...{ backend: "wasm", data_parallel: processes, engine, clusters: 4 },
    generate: {
      ...{ dataset_dir: path.join(root, "shapes"), documents: 18, variants: 1, train_rows: 54 },
      ...{ queries: 5, candidates: 8 },
    },
    word_vectors: { type: "cooccurrence", dim: 24 },
    image: {
      ...{ feature_dim: 64, max_regions: 6, box_hidden: 8, attention_heads: 4, forward_hidden: 32 },
      ...{ weight_hidden: [8], projection_hidden: [48], label_heads: 2, dropout: 0 },
    },
    pretrain: { epochs: 1, batch_size: 54, learning_rate: 1e-2, hard_examples: 10, captions: 1, depth: 4 },
    model1: { ...matching, hidden: 8, weight_hidden: 12 },
    model2: matching,
  });
}

const run = (config: KddConfig, ...steps: KddStep[]) => runKdd(config, { steps, listener: {} });

/** Adam's first moment after one step is a tenth of the gradient. */
function gradientsOf(config: KddConfig, step: "pretrain" | "model1" | "model2"): Record<string, number[]> {
  const file = path.join(filesOf(config).training(step), "checkpoints", "epoch-00001.safetensors");
  const { optimizer } = readCheckpoint(file);
  return Object.fromEntries(
    Object.entries(optimizer)
      .filter(([name]) => name.endsWith(".m"))
      .map(([name, moment]) => [name, [...moment].map((value) => value * 10)]),
  );
}

const steps = ["pretrain", "model1", "model2"] as const;

/** In one process by tfjs, op by op. */
const one = configOf("one", 1);

beforeAll(async () => {
  shapes();
  await run(one, "generate", "prepare", "pretrain");
  for (const other of ["two", "graphs"])
    fs.cpSync(path.join(root, "one"), path.join(root, other), { recursive: true });
  await run(one, "model1", "model2");
});

function expectGradients(config: KddConfig, most: number): void {
  for (const step of steps) {
    const expected = gradientsOf(one, step);
    const got = gradientsOf(config, step);
    expect(Object.keys(got)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) {
      const apart = Math.max(...values.map((value, i) => Math.abs(value - got[name]![i]!)));
      expect(apart, `${step} ${name}`).toBeLessThan(most * Math.max(1, ...values.map(Math.abs)));
    }
    expect(Object.values(expected).some((values) => values.some((value) => Math.abs(value) > 1e-3))).toBe(
      true,
    );
  }
}

/** Matchers before pre-training: they begin from the copy of the encoder. */
async function trainAgain(config: KddConfig): Promise<void> {
  await run(config, "model1", "model2");
  await run(config, "pretrain");
}

describe("a step of the KDD system", () => {
  it("has the gradients of one process on two", async () => {
    const two = configOf("two", 2);
    await trainAgain(two);
    expectGradients(two, 1e-6);
  });

  it("has the gradients of tfjs by graphs, whose batches are filled up with rows that do not count", async () => {
    const graphs = configOf("graphs", 1, "jit");
    const told: string[] = [];
    await runKdd(graphs, { steps: ["model1", "model2"], listener: { line: (line) => told.push(line) } });
    await runKdd(graphs, { steps: ["pretrain"], listener: { line: (line) => told.push(line) } });
    expect(told.filter((line) => line.startsWith("jit:"))).toEqual([]);
    expectGradients(graphs, 1e-6);
  });
});
