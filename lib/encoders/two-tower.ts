import { EmbeddingTable } from "../engine/embedding-table.js";
import type { Random } from "../engine/random.js";
import { bagOfText, type EncoderSpec } from "./encoder.js";
import { Mlp, mlpPlan } from "./mlp.js";
import { TowerEncoder } from "./tower-encoder.js";

/** Two MLPs over mean embeddings from one shared token table, so a token shared by both sides counts at once. */
export function twoTower(spec: EncoderSpec, random: Random): TowerEncoder {
  const { numEmbeddings, embeddingDim } = spec.textEmbedding;
  const query = towerOf("query", spec, embeddingDim, random);
  const document = towerOf("document", spec, embeddingDim, random);
  const text = new EmbeddingTable({ rows: numEmbeddings, dim: embeddingDim, random, name: "text" });
  return new TowerEncoder(
    spec.kind,
    spec.outputDim,
    { text },
    [query, document],
    (batch) => query.apply(bagOfText(text, batch, spec.queryTextFeature)),
    (batch) => document.apply(bagOfText(text, batch, spec.documentTextFeature)),
  );
}

/** The MLP of one side, [input] → [outputDim], as the spec's hiddenLayers and lastLinear say. */
export function towerOf(name: string, spec: EncoderSpec, input: number, random: Random): Mlp {
  const plan = mlpPlan(input, spec.hiddenLayers ?? [128], spec.outputDim, spec.lastLinear ?? true);
  return new Mlp(name, plan, input, spec.outputDim, random);
}
