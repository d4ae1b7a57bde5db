import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import YAML from "yaml";
import { datasetSection } from "../lib/experiment/sections/dataset.js";

const page = fs.readFileSync("docs/parts-in-use.md", "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, code]) => code!);
const folder = path.resolve("tests/.parts-in-use");

/** What a block exports, as a new user would run it. */
async function run(code: string): Promise<Record<string, unknown>> {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `block-${fs.readdirSync(folder).length}.ts`);
  fs.writeFileSync(file, code.replace('from "qdrl"', 'from "../../lib/index.js"'));
  return import(file);
}

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("docs/parts-in-use.md", () => {
  const [statistics, balanced, caches] = blocks("ts");

  it("compares groups and resamples seeds", async () => {
    const { interval, change } = (await run(statistics!)) as {
      interval: { mean: number; low: number; high: number };
      change: { difference: number; p: number };
    };
    expect(interval.mean).toBeCloseTo(0.503, 3);
    expect(interval.low).toBeLessThan(interval.mean);
    expect(Math.abs(change.difference)).toBeCloseTo(0.875 - 3.25 / 6, 10);
    expect(change.p).toBeGreaterThan(0.05);
  });

  it("trains on balanced batches", async () => {
    const { history } = (await run(balanced!)) as { history: { trainLoss: number }[] };
    expect(history).toHaveLength(2);
    expect(history.every(({ trainLoss }) => Number.isFinite(trainLoss))).toBe(true);
  });

  it("reads numbers and several categories", () => {
    const { dataset } = YAML.parse(blocks("yaml")[0]!);
    expect(datasetSection.parse(dataset).document_features.map(({ type }) => type)).toEqual([
      ...["text", "numeric", "multi_categorical"],
    ]);
  });

  it("fills several caches from replicas, and computes the loss over shards", async () => {
    const { filled, nats } = (await run(caches!)) as { filled: number[]; nats: number[] };
    expect(filled).toEqual([2, 1]);
    const scores = [1, 0.2, 0.6 + 0.16, 0.8 + 0.12];
    const own = 0.9 + 0.02;
    const total = [...scores, own].reduce((sum, score) => sum + Math.exp(score), 0);
    for (const value of nats) expect(value).toBeCloseTo(Math.log(total) - own, 5);
  });
});
