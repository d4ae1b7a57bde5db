import { beforeAll, describe, expect, it } from "vitest";
import { selectBackend } from "../../../lib/engine/backend.js";
import { fit } from "../../../lib/training/fit/fit.js";
import type { FitOptions } from "../../../lib/training/fit/fit-options.js";
import { marginData, synthesizeMargins } from "../../../lib/training/fit/synthesize-margins.js";
import { vector } from "../../support/vectors.js";
import { features, spec } from "./toy.js";

beforeAll(async () => void (await selectBackend("wasm")));

const corpus = Array.from({ length: 40 }, (_, i) => `w${i % 8} v${i}`);
/** Rows by shared words, the lowest row first on ties. */
const retrieve = (query: string, k: number) =>
  corpus
    .map((text, row) => ({ row, shared: text.split(" ").filter((word) => query.includes(word)).length }))
    .sort((a, b) => b.shared - a.shared || a.row - b.row)
    .slice(0, k)
    .map(({ row }) => row);
/** A teacher that likes long texts, and the second of equally long ones no better than the first. */
const score = (_query: string, documents: readonly string[]) => documents.map((text) => text.length / 10);

describe("synthesizeMargins", () => {
  it("makes queries · (numRelations − 1) triplets (vector synthesis_size)", async () => {
    const { inputs, expected } = vector("4-finetuner/synthesis_size");
    const queries = Array.from({ length: inputs.queries }, (_, i) => `w${i % 8}`);
    const sizes = [];
    for (const numRelations of inputs.num_relations)
      sizes.push((await synthesizeMargins(queries, corpus, { retrieve, score, numRelations })).length);
    expect(sizes).toEqual(expected);
  });

  it("puts the document that the teacher scores highest before each of the others", async () => {
    const scores: Record<string, number> = { a: 0.2, b: 0.9, c: 0.5 };
    const made = await synthesizeMargins(["q"], ["a", "b", "c", "d"], {
      retrieve: () => [0, 1, 2],
      score: async (_query, documents) => documents.map((text) => scores[text]!),
      numRelations: 3,
    });
    expect(made.map(({ positive, negative }) => [positive, negative])).toEqual([
      ["b", "a"],
      ["b", "c"],
    ]);
    expect(made[0]!.margin).toBeCloseTo(0.7, 12);
    expect(made[1]!.margin).toBeCloseTo(0.4, 12);
    // one candidate has nothing to be compared with
    expect(await synthesizeMargins(["q"], ["a"], { retrieve: () => [0], score })).toEqual([]);
  });

  it("refuses one relation, and scores that are too few or no numbers", async () => {
    const made = (numRelations: number, teacher: typeof score) =>
      synthesizeMargins(["w1"], corpus, { retrieve, score: teacher, numRelations });
    await expect(made(1, score)).rejects.toThrow("numRelations must be an integer of 2 or more, got 1");
    await expect(made(2, () => [1])).rejects.toThrow('score must give 2 finite numbers, got 1 for "w1"');
    await expect(made(2, () => [1, Number.NaN])).rejects.toThrow("got 1,NaN");
    expect(() => marginData([], features)).toThrow("there must be a triplet, got none");
    const triplet = { query: "q", positive: "a", negative: "b", margin: Number.NaN };
    expect(() => marginData([triplet], features)).toThrow(
      "margin of triplet 0 must be a finite number, got NaN",
    );
  });
});

describe("fit on margins", () => {
  const options = async (): Promise<FitOptions> => ({
    model: spec,
    trainData: marginData(
      await synthesizeMargins(["w0", "w1", "w2"], corpus, { retrieve, score, numRelations: 9 }),
      features,
    ),
    loss: { kind: "margin_mse", similarity: "cosine" },
    learningRate: 0.05,
    batchSize: 8,
    epochs: 5,
    seed: 3,
  });

  it("comes nearer to the teacher's margins, the same for the same seed", async () => {
    const { history } = await fit(await options());
    expect(history[4]!.trainLoss).toBeLessThan(history[0]!.trainLoss / 2);
    expect((await fit(await options())).history).toEqual(history);
  });

  it("takes no other loss and no miner", async () => {
    const refused: [Partial<FitOptions>, string][] = [
      [{ loss: "batch_softmax" }, 'unknown loss "batch_softmax" of margins; known: margin_mse'],
      [{ loss: { kind: "margin_mse", similarity: "l2" } }, 'similarity must be dot or cosine, got "l2"'],
      [{ miner: "all_pairs" }, 'margins take no miner, got "all_pairs"'],
      [{ sampler: "class" }, "sampler must be random"],
    ];
    for (const [change, message] of refused)
      await expect(fit({ ...(await options()), ...change })).rejects.toThrow(message);
  });
});
