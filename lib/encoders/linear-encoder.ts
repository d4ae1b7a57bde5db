import type { Random } from "../engine/random/random.js";
import { EmbeddingTable } from "../engine/tables/embedding-table.js";
import type { FeatureBatch } from "../features/batch.js";
import { bagOfText, type EncoderSpec, tableOptions } from "./encoder.js";
import { encoderPart, ignoredKeys } from "./encoder-part.js";
import { Mlp, mlpPlan } from "./mlp.js";
import { simpleKeys } from "./simple-text-encoder.js";
import { TowerEncoder } from "./tower-encoder.js";

/**
 * The original's linear model: mean of the embeddings of all positions, padding included (id 0 is a row that
 * counts and learns), then one Linear, shared by both sides.
 */
function linearEncoder(spec: EncoderSpec, random: Random): TowerEncoder {
  const { embeddingDim } = spec.textEmbedding;
  const plan = mlpPlan(embeddingDim, [], spec.outputDim, true);
  const tower = new Mlp("tower", plan, embeddingDim, spec.outputDim, random);
  const text = new EmbeddingTable({
    ...tableOptions(spec.textEmbedding),
    random,
    name: "text",
    paddingRow: false,
  });
  const side = (feature: string) => (batch: FeatureBatch) =>
    tower.apply(bagOfText(text, batch, feature, { countPadding: true }));
  return new TowerEncoder(
    spec.kind,
    spec.outputDim,
    { text },
    [tower],
    side(spec.queryTextFeature),
    side(spec.documentTextFeature),
  );
}

export const linearEncoderPart = encoderPart({
  kind: "LinearEncoder",
  summary: "mean embedding of all positions, padding included, and one linear layer for both sides",
  settings: { ...simpleKeys, fc_dim: ignoredKeys.fc_dim },
  optionsOf: () => ({}),
  make: linearEncoder,
});
