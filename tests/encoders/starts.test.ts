import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { EncoderSpec } from "../../lib/encoders/encoder.js";
import { Mlp, mlpPlan } from "../../lib/encoders/mlp.js";
import { Random } from "../../lib/engine/random/random.js";

const spec = (more: Partial<EncoderSpec>): EncoderSpec => ({
  kind: "TwoTower",
  textEmbedding: { numEmbeddings: 400, embeddingDim: 64 },
  outputDim: 64,
  queryTextFeature: "q",
  documentTextFeature: "d",
  ...more,
});
const deviation = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const apply = (mlp: Mlp, rows: number[][]) => mlp.apply(tf.tensor2d(rows)).arraySync();

describe("how encoders start", () => {
  it("rows of a table start at length 1 on average unless a deviation is named", () => {
    const table = (textEmbedding: EncoderSpec["textEmbedding"]) =>
      createEncoder(spec({ textEmbedding }), new Random(3)).tables["text"]!.weights.subarray(64);
    const size = { numEmbeddings: 400, embeddingDim: 64 };
    // 25,536 draws: the deviation of a deviation is 1/√(2n), 0.4 %
    expect(deviation(table(size)) * 8).toBeCloseTo(1, 1);
    expect(deviation(table({ ...size, initialStd: 0.3 })) / 0.3).toBeCloseTo(1, 1);
    const published = table({ ...size, initialStd: 1 });
    const small = table({ ...size, initialStd: 0.25 });
    expect([...small.subarray(0, 9)]).toEqual([...published.subarray(0, 9)].map((value) => value / 4));
  });

  it("towers have no layer unless widths differ or one is named", () => {
    const names = (more: Partial<EncoderSpec>) =>
      Object.keys(createEncoder(spec(more), new Random(1)).weights).filter((name) => name.endsWith("weight"));
    expect(names({})).toEqual([]);
    expect(names({ outputDim: 32 })).toEqual(["query.0.weight", "document.0.weight"]);
    expect(names({ hiddenLayers: [8] })).toHaveLength(4);
    const category = {
      categoryFeature: { numEmbeddings: 5, embeddingDim: 4 },
      documentCategoricalFeature: "c",
    };
    expect(names({ kind: "MultiModalTwoTower", ...category })).toHaveLength(2);
  });

  it("layers of two towers are drawn apart, or alike", () => {
    const bags = (layerStart: "apart" | "same") => {
      const encoder = createEncoder(spec({ hiddenLayers: [16], layerStart }), new Random(5));
      const side = (at: string) => encoder.weights[`${at}.0.weight`]!.dataSync();
      return [side("query"), side("document")];
    };
    const [query, document] = bags("apart");
    expect(query).not.toEqual(document);
    const [same, alike] = bags("same");
    expect(same).toEqual(alike);
  });

  it("layers near the identity pass their input on, both signs through a ReLU layer twice as wide", () => {
    const rows = [
      [0.5, -2, 1],
      [-1, 0.25, 3],
    ];
    const near = (plan: ReturnType<typeof mlpPlan>, input: number, output: number) =>
      apply(new Mlp("m", plan, input, output, new Random(2), "identity"), rows);
    for (const found of [near(mlpPlan(3, [], 3, true), 3, 3), near(mlpPlan(3, [7], 3, true), 3, 3)])
      found.forEach((row, i) => {
        // the tenth of a uniform start that is added: at most 3 · 3 · 0.1/√3 a layer
        row.forEach((value, j) => {
          expect(Math.abs(value - rows[i]![j]!)).toBeLessThan(0.9);
        });
      });
    const [kept] = near(mlpPlan(3, [], 2, true), 3, 2);
    expect(kept).toHaveLength(2);
    expect(Math.abs(kept![0]! - 0.5)).toBeLessThan(0.25);
  });
});
