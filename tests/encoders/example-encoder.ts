import type { EncoderSpec } from "../../lib/encoders/encoder.js";
import { Random } from "../../lib/engine/random.js";
import type { FeatureBatch } from "../../lib/features/batch.js";

/** A small encoder of the given kind: 20 × 6 table, 9 × 3 categories, hidden 5, output 4. */
export function exampleSpec(kind: string): EncoderSpec {
  return {
    kind,
    textEmbedding: { numEmbeddings: 20, embeddingDim: 6 },
    categoryFeature: { numEmbeddings: 9, embeddingDim: 3 },
    fcDim: 5,
    hiddenLayers: [5],
    lastLinear: true,
    outputDim: 4,
    queryTextFeature: "query",
    documentTextFeature: "title",
    documentCategoricalFeature: "category",
  };
}

/** Random bags for {@link exampleSpec}: repeats, padding between tokens and, from 4 rows on, an empty bag. */
export function exampleBatch(size: number, seed = 1): FeatureBatch {
  const random = new Random(seed);
  const bags = (length: number) =>
    Int32Array.from({ length: size * length }, (_, i) =>
      Math.floor(i / length) === 3 || random.next() < 0.3 ? 0 : 1 + random.int(19),
    );
  return {
    size,
    columns: {
      query: { kind: "text", ids: bags(3), length: 3 },
      title: { kind: "text", ids: bags(5), length: 5 },
      category: { kind: "categorical", ids: Int32Array.from({ length: size }, () => random.int(9)) },
    },
  };
}
