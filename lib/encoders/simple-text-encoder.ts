import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../features/batch.js";
import { bagOfText, type EncoderSpec, tableOptions } from "./encoder.js";
import { encoderPart, ignoredKeys, textKeys } from "./encoder-part.js";
import { Mlp, mlpPlan } from "./mlp.js";
import { width, widths } from "./model-sizes.js";
import { TowerEncoder } from "./tower-encoder.js";

/**
 * One encoder for both sides: mean embedding → Linear(fcDim) → ReLU → Linear(outputDim).
 *
 * @see specs/0-qdrl.md section 7
 */
export function simpleTextEncoder(spec: EncoderSpec, random: Random): TowerEncoder {
  return sharedTextEncoder(spec, random, (x) => x);
}

/** The shared single encoder with `regularise`, which may draw from `generator`, applied to the mean embedding in training. */
export function sharedTextEncoder(
  spec: EncoderSpec,
  random: Random,
  regularise: (pooled: tf.Tensor2D) => tf.Tensor2D,
  generator: { current: Random } | null = null,
): TowerEncoder {
  const { embeddingDim } = spec.textEmbedding;
  const plan = mlpPlan(embeddingDim, [spec.fcDim ?? 128], spec.outputDim, true);
  const tower = new Mlp("tower", plan, embeddingDim, spec.outputDim, random);
  const text = new EmbeddingTable({ ...tableOptions(spec.textEmbedding), random, name: "text" });
  const side = (feature: string) => (batch: FeatureBatch, training: boolean) => {
    const pooled = bagOfText(text, batch, feature);
    return tower.apply(training ? regularise(pooled) : pooled);
  };
  return new TowerEncoder(
    spec.kind,
    spec.outputDim,
    { text },
    [tower],
    side(spec.queryTextFeature),
    side(spec.documentTextFeature),
    generator,
  );
}

/** Settings of the encoders with one hidden layer, in the order of published files. */
export const simpleKeys = {
  ...textKeys,
  fc_dim: width.default(128).describe("width of the hidden layer"),
  category_feature: ignoredKeys.category_feature,
  hidden_layers: widths.optional().describe("towers only"),
  last_linear: z.boolean().optional().describe("towers only"),
};

export const simpleTextEncoderPart = encoderPart({
  kind: "SimpleTextEncoder",
  summary: "one encoder for both sides: mean embedding, a hidden layer, a linear layer",
  settings: simpleKeys,
  optionsOf: ({ fc_dim }) => ({ fcDim: fc_dim }),
  make: simpleTextEncoder,
});
