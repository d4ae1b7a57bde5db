import fs from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { inverseDocumentFrequencies } from "../../lib/experiment/token-weights.js";
import { openEncoder } from "../../lib/retrieval/retrievers/open-encoder.js";
import type { RunFolder } from "../../lib/tracking/run-folder.js";
import { train } from "../../lib/training/train.js";
import { type TinyDataset, tinyDataset } from "../support/tiny-dataset.js";

describe("inverseDocumentFrequencies", () => {
  it("counts each id once per text, over all lists of texts", () => {
    const texts = [
      { ids: Int32Array.of(1, 1, 0, 2, 1, 0), length: 3 },
      { ids: Int32Array.of(1, 3), length: 2 },
    ];
    const of = (df: number) => Math.fround(Math.log(4 / (1 + df)) + 1); // three texts
    expect([...inverseDocumentFrequencies(texts, 5)].slice(1)).toEqual([of(3), of(1), of(1), of(0)]);
  });
});

describe("training with token weights", () => {
  let tiny: TinyDataset;
  beforeAll(() => {
    tiny = tinyDataset();
  });
  const run = (id: string, weights: string, more: string[] = []) =>
    train(loadConfig(tiny.config(), [`run_id=${id}`, `model.token_weights=${weights}`, ...more]), {
      threads: 1,
    });
  const weightsOf = async (dir: string) => {
    const { encoder } = await openEncoder(dir);
    const values = encoder.tables["token_weights"]!.weights;
    encoder.dispose();
    return values;
  };
  const bytes = (dir: string) =>
    fs.readFileSync(path.join(dir, "models/model.safetensors")).toString("base64");

  it("keeps inverse document frequencies in fused steps and moves learned ones in tfjs, which it says", async () => {
    const idf = await run("idf", "idf");
    expect(idf.manifest().engine).toBe("fused, 1 thread");
    const plain = await run("idf-tfjs", "idf", ["engine=tfjs"]);
    const losses = (folder: RunFolder) => folder.metrics().filter(({ name }) => name.endsWith("/train"));
    losses(plain).forEach(({ value }, i) => {
      expect(losses(idf)[i]!.value).toBeCloseTo(value, 4);
    });
    expect(losses(plain).length).toBeGreaterThan(0);
    const start = await weightsOf(idf.dir);
    expect(new Set(start).size).toBeGreaterThan(3);
    // "red" is in more texts than the thing "shoe", and row 40 in none
    expect(start[1]!).toBeLessThan(start[7]!);
    expect(start[40]!).toBeGreaterThan(start[7]!);
    expect(await weightsOf(plain.dir)).toEqual(start);
    const moved = await run("learned", "learned");
    expect(moved.manifest().engine).toBe("tfjs (bags with learned token weights have no fused step)");
    const learned = await weightsOf(moved.dir);
    expect(learned[1]).not.toBe(1);
    expect(learned[40]).toBe(1); // no text holds it, so no gradient does
    const both = await weightsOf((await run("both", "learned_from_idf")).dir);
    expect(both[1]).not.toBe(start[1]);
    expect(both[40]).toBe(start[40]);
  });

  it.each(["idf", "learned_from_idf"])(
    "goes on from a checkpoint to the same bytes, and keeps the weights in an int8 model: %s",
    async (weights) => {
      const whole = await run(`whole-${weights}`, weights, ["num_epochs=2", "store_rows=int8"]);
      await run(`halved-${weights}`, weights, ["num_epochs=1", "store_rows=int8"]);
      const halved = await run(`halved-${weights}`, weights, ["num_epochs=2", "store_rows=int8"]);
      expect(bytes(halved.dir)).toBe(bytes(whole.dir));
      const float = await run(`float-${weights}`, weights, ["num_epochs=2"]);
      expect(await weightsOf(halved.dir)).toEqual(await weightsOf(float.dir));
    },
  );

  it("refuses separate tables, and unknown names", () => {
    const load = (...set: string[]) => loadConfig(tiny.config(), set);
    expect(() => load("model.token_weights=idf", "model.separate_tables=true")).toThrow(
      /model\.token_weights must be uniform with model\.separate_tables, got idf/,
    );
    expect(() => load("model.token_weights=bm25")).toThrow(/token_weights/);
  });
});
