import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackendName, selectBackend } from "../../lib/engine/backend.js";
import type { FusedState } from "../../lib/fused/fused-memory.js";
import { fusedPath, fusedStep, type Model, type TestBatch, TfjsPath } from "../fused/model.js";

/** 50 steps of torch.optim.Adam over everything; made by the script beside it. */
const fixture = JSON.parse(readFileSync("tests/fixtures/torch-adam/fixture.json", "utf8"));
const { sizes } = fixture;

const model: Model = {
  encoder: {
    kind: "TwoTower",
    textEmbedding: { numEmbeddings: sizes.rows, embeddingDim: sizes.dim },
    hiddenLayers: [sizes.hidden],
    lastLinear: true,
    outputDim: sizes.out,
    queryTextFeature: "query",
    documentTextFeature: "title",
  },
  loss: { kind: "batch_softmax", temperature: 0.1 },
  optimizer: { kind: "adam", learningRate: sizes.rate },
  queryLength: sizes.length,
  documentLength: sizes.length,
  maxBatch: sizes.batch,
  masks: false,
  teaching: null,
  words: null,
};

const numbers = Int32Array.from({ length: sizes.batch }, (_, i) => i);
const side = (name: string, ids: number[]) => ({
  size: sizes.batch as number,
  columns: { [name]: { kind: "text" as const, ids: Int32Array.from(ids), length: sizes.length } },
});
const batch = (step: number): TestBatch => ({
  queries: side("query", fixture.queries[step]),
  documents: side("title", fixture.documents[step]),
  queryIds: numbers,
  documentIds: numbers,
});

/**
 * Losses to 1e-4 and end weights to 1e-4 (the bound): float32 sums in another order, 50 steps of Adam on top.
 */
function expectTorch(losses: number[], end: FusedState): void {
  losses.forEach((loss, step) => {
    expect(Math.abs(loss - fixture.losses[step]), `loss of step ${step}`).toBeLessThan(1e-4);
  });
  for (const [name, values] of Object.entries({ ...end.weights, ...end.tables }))
    values.forEach((x, i) => {
      expect(Math.abs(x - fixture.end[name][i]), `${name}[${i}]`).toBeLessThan(1e-4);
    });
}

describe("50 steps of adam equal PyTorch's dense Adam, rows that rest included", () => {
  it.each<BackendName>(["cpu", "wasm"])("in tfjs on %s", async (backend) => {
    await selectBackend(backend);
    const path = new TfjsPath(model);
    for (const [name, weight] of Object.entries(path.encoder.weights))
      tf.tidy(() => weight.assign(tf.tensor(fixture.start[name], weight.shape)));
    path.encoder.tables.text!.setWeights(fixture.start.text);
    const losses = fixture.losses.map((_: number, step: number) => path.step(batch(step)));
    expectTorch(losses, path.state());
  });

  describe("in fused steps", () => {
    beforeAll(async () => void (await selectBackend("cpu")));
    it.each([1, 2])("on %i threads", (threads) => {
      const { text, ...weights } = Object.fromEntries(
        Object.entries(fixture.start).map(([name, values]) => [name, Float32Array.from(values as number[])]),
      );
      const fused = fusedPath(model, threads, { weights, tables: { text: text! }, optimizer: {}, step: 0 });
      const losses = fixture.losses.map((_: number, step: number) => fusedStep(fused, model, batch(step)));
      expectTorch(losses, fused.exportState());
      fused.close();
    });
  });
});
