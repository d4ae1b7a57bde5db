import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import type { EncoderSpec } from "../../../lib/encoders/encoder.js";
import type {
  FusionSpec,
  ModalityEncoderSpec,
  TowersSpec,
} from "../../../lib/encoders/modalities/towers-spec.js";
import { selectBackend } from "../../../lib/engine/backend.js";
import { valueAndGradients } from "../../../lib/engine/ops/gradients.js";
import { Random } from "../../../lib/engine/random/random.js";
import type { FeatureBatch } from "../../../lib/features/batch.js";
import { noAugmentation } from "../../support/no-augmentation.js";
import { expectFloat32Close } from "../../support/vectors.js";

const cnn: ModalityEncoderSpec = {
  kind: "cnn",
  size: 8,
  channels: [4, 6],
  blocks: 1,
  stemStride: 1,
  outputDim: 3,
  augmentation: noAugmentation,
};
const attention: ModalityEncoderSpec = {
  kind: "patches",
  size: 8,
  patch: 4,
  width: 8,
  layers: 1,
  mixing: "attention",
  heads: 2,
  outputDim: 3,
  augmentation: noAugmentation,
};
const regions: ModalityEncoderSpec = {
  kind: "regions",
  inputDim: 4,
  width: 6,
  heads: 2,
  outputDim: 3,
  dropout: 0,
};

function spec(picture: ModalityEncoderSpec, fusion: FusionSpec, more: Partial<TowersSpec> = {}): EncoderSpec {
  return {
    kind: "Towers",
    textEmbedding: { numEmbeddings: 9, embeddingDim: 5, initialStd: 1 },
    outputDim: 4,
    queryTextFeature: "text",
    documentTextFeature: "text",
    towers: {
      query: {
        features: [{ feature: "text", encoder: { kind: "bag" } }],
        fusion: { kind: "concat", hiddenLayers: [] },
        modalityDropout: 0,
      },
      document: {
        features: [
          { feature: "text", encoder: { kind: "bag" } },
          { feature: picture.kind === "regions" ? "parts" : "picture", encoder: picture },
          { feature: "tags", encoder: { kind: "category", numEmbeddings: 7, embeddingDim: 2 } },
        ],
        fusion,
        modalityDropout: 0,
      },
      share: false,
      ...more,
    },
  };
}

/** Four rows; the second lacks the picture and its regions, the third the text, the fourth the tags. */
function batch(): FeatureBatch {
  const random = new Random(2);
  const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  return {
    size: 4,
    columns: {
      text: { kind: "text", ids: Int32Array.of(1, 2, 3, 0, 0, 0, 4, 4), length: 2 },
      tags: { kind: "categories", ids: Int32Array.of(1, 2, 3, 0, 4, 5, 0, 0), length: 2 },
      picture: {
        kind: "image",
        pixels: Uint8Array.from({ length: 4 * 192 }, () => random.int(256)),
        size: 8,
        mean: [0.5, 0.5, 0.5],
        std: [0.25, 0.25, 0.25],
        missing: Uint8Array.of(0, 1, 0, 0),
      },
      parts: {
        kind: "regions",
        features: normals(4 * 2 * 4),
        boxes: normals(4 * 2 * 5),
        counts: Int32Array.of(2, 0, 1, 2),
        maxRegions: 2,
        dim: 4,
      },
    },
  };
}

beforeAll(async () => void (await selectBackend("wasm")));

describe("towers over any features", () => {
  /**
   * Directional derivatives over all weights at once against (L(x + hu) − L(x − hu)) / 2h; float32 losses of order one
   * carry about 2e-7, so h = 3e-3 leaves 5e-5 of rounding, and curvature and the kinks of ReLU the rest of 2 %.
   */
  it.each<[string, ModalityEncoderSpec, FusionSpec]>([
    ["cnn, concat", cnn, { kind: "concat", hiddenLayers: [5] }],
    ["cnn, gated sum", cnn, { kind: "gated_sum" }],
    ["patches with attention, attention", attention, { kind: "attention", hiddenLayers: [] }],
    ["regions, gated sum", regions, { kind: "gated_sum" }],
  ])("has gradients that agree with finite differences: %s", (_name, picture, fusion) => {
    const encoder = createEncoder(spec(picture, fusion), new Random(1));
    const given = batch();
    // a block whose last norm is 0 stands on the kink of its ReLU wherever the skip is 0: moved off it
    for (const [name, weight] of Object.entries(encoder.weights))
      if (name.endsWith("second.norm.scale")) tf.tidy(() => weight.assign(tf.fill(weight.shape, 0.5)));
    const scale = tf.tensor2d(
      Float32Array.from({ length: 16 }, (_, i) => Math.sin(i + 1)),
      [4, 4],
    );
    const compute = () => tf.sum(tf.tanh(tf.mul(encoder.embedDocuments(given), scale))) as tf.Scalar;
    const { gradients } = valueAndGradients(compute, encoder);
    const random = new Random(3);
    for (const [name, weight] of Object.entries(encoder.weights)) {
      if (name.startsWith("query.")) continue;
      const slope = gradients[name]!.dataSync();
      const base = weight.dataSync().slice() as Float32Array;
      const direction = base.map(() => random.normal());
      const length = Math.hypot(...direction);
      const at = (h: number) => {
        tf.tidy(() =>
          weight.assign(
            tf.tensor(
              base.map((x, i) => x + (h * direction[i]!) / length),
              weight.shape,
            ),
          ),
        );
        return tf.tidy(() => compute().dataSync()[0]!);
      };
      const h = 3e-3;
      const numeric = (at(h) - at(-h)) / (2 * h);
      at(0);
      const along = direction.reduce((sum, u, i) => sum + (u * slope[i]!) / length, 0);
      const size = Math.hypot(...slope);
      expect(Math.abs(numeric - along), name).toBeLessThan(0.02 * Math.max(size, 0.1));
    }
    encoder.dispose();
  });

  it("embeds a row alone as in company", () => {
    for (const picture of [cnn, attention, regions]) {
      const encoder = createEncoder(spec(picture, { kind: "gated_sum" }), new Random(1));
      const whole = encoder.embedDocuments(batch()).dataSync();
      const one = oneRow(batch(), 2);
      expectFloat32Close(encoder.embedDocuments(one).dataSync(), whole.slice(8, 12));
      encoder.dispose();
    }
  });

  it("puts a learned embedding where a value is missing, whatever stands there", () => {
    const encoder = createEncoder(spec(cnn, { kind: "gated_sum" }), new Random(1));
    const given = batch();
    const before = encoder.embedDocuments(given).dataSync().slice(4, 8);
    const column = given.columns["picture"] as { pixels: Uint8Array };
    column.pixels.fill(200, 192, 384);
    expect(encoder.embedDocuments(given).dataSync().slice(4, 8)).toEqual(before);
    tf.tidy(() => encoder.weights["document.picture.missing"]!.assign(tf.ones([3])));
    expect(encoder.embedDocuments(given).dataSync().slice(4, 8)).not.toEqual(before);
    encoder.dispose();
  });

  it("drops features in training only, never all of a row, and from its own generator", () => {
    const dropping = spec(cnn, { kind: "gated_sum" });
    const document = { ...dropping.towers!.document, modalityDropout: 0.9 };
    const encoder = createEncoder({ ...dropping, towers: { ...dropping.towers!, document } }, new Random(1));
    const still = encoder.embedDocuments(batch()).dataSync();
    encoder.training = true;
    const state = encoder.randomState()!;
    const first = encoder.embedDocuments(batch()).dataSync();
    expect(first).not.toEqual(still);
    encoder.setRandomState(state);
    expect(encoder.embedDocuments(batch()).dataSync()).toEqual(first);
    encoder.dispose();
  });

  it("changes pictures in training as configured", () => {
    const moving = { ...cnn, augmentation: { flip: 0, crop: 0.5, colour: 0.3, blur: 0 } };
    const encoder = createEncoder(spec(moving, { kind: "gated_sum" }), new Random(1));
    const still = encoder.embedDocuments(batch()).dataSync();
    expect(encoder.embedDocuments(batch()).dataSync()).toEqual(still);
    encoder.training = true;
    expect(encoder.embedDocuments(batch()).dataSync()).not.toEqual(still);
    encoder.dispose();
  });

  it("shares the towers when told: one set of parameters, equal embeddings of equal rows", () => {
    const both = spec(cnn, { kind: "gated_sum" });
    const towers = { ...both.towers!, query: both.towers!.document, share: true };
    const encoder = createEncoder({ ...both, towers }, new Random(1));
    const given = batch();
    expect(encoder.embedQueries(given).dataSync()).toEqual(encoder.embedDocuments(given).dataSync());
    expect(Object.keys(encoder.weights).some((name) => name.startsWith("document."))).toBe(false);
    encoder.dispose();
  });

  it("says what does not fit", () => {
    const given = spec(cnn, { kind: "gated_sum" });
    const create = (change: Partial<TowersSpec>) =>
      createEncoder({ ...given, towers: { ...given.towers!, ...change } }, new Random(1));
    expect(() => create({ share: true })).toThrow("shared towers must have as many features, got 1 and 3");
    expect(() => create({ query: { ...given.towers!.query, features: [] } })).toThrow("at least one feature");
    expect(() => create({ query: { ...given.towers!.query, modalityDropout: 1 } })).toThrow(
      "must be in [0, 1)",
    );
    const encoder = createEncoder(given, new Random(1));
    const { picture, ...columns } = batch().columns;
    expect(picture).toBeDefined();
    expect(() => encoder.embedDocuments({ size: 4, columns })).toThrow('batch must have feature "picture"');
    expect(() =>
      encoder.embedDocuments({ size: 4, columns: { ...columns, picture: columns["text"]! } }),
    ).toThrow("modality: column must be image, got text");
    encoder.dispose();
  });
});

function oneRow(given: FeatureBatch, row: number): FeatureBatch {
  const columns: FeatureBatch["columns"] = {};
  for (const [name, column] of Object.entries(given.columns)) {
    const copy: Record<string, unknown> = { ...column };
    for (const [key, value] of Object.entries(column))
      if (ArrayBuffer.isView(value)) {
        const values = value as unknown as Float32Array;
        const width = values.length / given.size;
        copy[key] = values.slice(row * width, (row + 1) * width);
      }
    columns[name] = copy as never;
  }
  return { size: 1, columns };
}
