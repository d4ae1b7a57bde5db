import type { EncoderSpec } from "../../lib/encoders/encoder.js";
import type { TowersSpec } from "../../lib/encoders/modalities/towers-spec.js";
import { Random } from "../../lib/engine/random/random.js";
import type { FeatureBatch } from "../../lib/features/batch.js";
import { noAugmentation } from "../support/no-augmentation.js";

/** The published kinds, which all read {@link exampleBatch}. */
export const textEncoderKinds = [
  "LinearEncoder",
  "SimpleTextEncoder",
  "RegularizedSimpleTextEncoder",
  "TwoTower",
  "MultiModalTwoTower",
];

/** A small encoder of the given kind: 20 × 8 table, 9 × 4 categories, hidden 5, output 4. */
export function exampleSpec(kind: string): EncoderSpec {
  return {
    kind,
    textEmbedding: { numEmbeddings: 20, embeddingDim: 8 },
    categoryFeature: { numEmbeddings: 9, embeddingDim: 4 },
    fcDim: 5,
    hiddenLayers: [5],
    lastLinear: true,
    outputDim: 4,
    queryTextFeature: "query",
    documentTextFeature: "title",
    documentCategoricalFeature: "category",
    towers: exampleTowers,
  };
}

/** One feature of each kind beside the text, in the fusion whose gradients involve most. */
const exampleTowers: TowersSpec = {
  query: {
    features: [{ feature: "query", encoder: { kind: "bag" } }],
    fusion: { kind: "concat", hiddenLayers: [5] },
    modalityDropout: 0,
  },
  document: {
    features: [
      { feature: "title", encoder: { kind: "bag" } },
      { feature: "category", encoder: { kind: "category", numEmbeddings: 9, embeddingDim: 4 } },
      { feature: "price", encoder: { kind: "vector", inputDim: 2, hiddenLayers: [3], outputDim: 2 } },
      {
        feature: "picture",
        encoder: {
          kind: "patches",
          size: 4,
          patch: 2,
          width: 12,
          layers: 1,
          mixing: "mlp",
          heads: 1,
          outputDim: 3,
          augmentation: noAugmentation,
        },
      },
    ],
    fusion: { kind: "attention", hiddenLayers: [] },
    modalityDropout: 0,
  },
  share: false,
};

/** Random bags for {@link exampleSpec}: repeats, padding between tokens and, from 4 rows on, an empty
 * bag. The other features lack a row each, which only Towers heed. */
export function exampleBatch(size: number, seed = 1): FeatureBatch {
  const random = new Random(seed);
  const bags = (length: number) =>
    Int32Array.from({ length: size * length }, (_, i) =>
      Math.floor(i / length) === 3 || random.next() < 0.3 ? 0 : 1 + random.int(19),
    );
  const lacking = (row: number) => Uint8Array.from({ length: size }, (_, i) => (i === row ? 1 : 0));
  return {
    size,
    columns: {
      query: { kind: "text", ids: bags(3), length: 3 },
      title: { kind: "text", ids: bags(5), length: 5 },
      category: {
        kind: "categorical",
        ids: Int32Array.from({ length: size }, () => 1 + random.int(8)),
        missing: lacking(1),
      },
      price: {
        kind: "vector",
        values: Float32Array.from({ length: size * 2 }, () => random.normal()),
        dim: 2,
        missing: lacking(2),
      },
      picture: {
        kind: "image",
        pixels: Uint8Array.from({ length: size * 48 }, () => random.int(256)),
        size: 4,
        mean: [0.5, 0.5, 0.5],
        std: [0.25, 0.25, 0.25],
        missing: lacking(0),
      },
    },
  };
}
