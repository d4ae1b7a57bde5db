import { readTransformerFolder } from "../encoders/pretrained/transformer-folder.js";
import type { TransformerSpec } from "../encoders/transformer/transformer-spec.js";
import { UserError } from "../files/user-error.js";
import type { ModelConfig } from "./sections/model.js";
import { resolvedRows } from "./table-sizes.js";

/**
 * The transformer that a configuration names, with the weights of its `pretrained` folder.
 *
 * @throws RangeError if the folder cannot be read or its word table has other sizes than text_embedding
 */
export function transformerSpec(model: Extract<ModelConfig, { type: "Transformer" }>): TransformerSpec {
  const { embedding_dim: hiddenSize } = model.text_embedding;
  const vocabSize = resolvedRows(model.text_embedding.num_embeddings);
  const usage = {
    pooling: model.pooling,
    normalize: model.normalize,
    sides: model.sides,
    checkpointed: model.gradient_checkpointing,
    frozenLayers: model.frozen_layers,
    queryTextFeature: model.query.text_feature,
    documentTextFeature: model.document.text_feature,
  };
  const dropout = { hiddenDropout: model.dropout, attentionDropout: model.attention_dropout };
  if (model.pretrained === null)
    return {
      ...usage,
      architecture: {
        vocabSize,
        hiddenSize,
        numHiddenLayers: model.num_layers,
        numAttentionHeads: model.num_heads,
        intermediateSize: model.intermediate_size ?? 4 * hiddenSize,
        maxPositionEmbeddings: model.max_positions,
        typeVocabSize: 2,
        layerNormEps: 1e-12,
        ...dropout,
      },
    };
  const { architecture, weights } = readTransformerFolder(model.pretrained, {
    pooler: model.pooling === "pooler",
  });
  if (architecture.vocabSize !== vocabSize || architecture.hiddenSize !== hiddenSize)
    throw new UserError(
      `model.text_embedding: must be the word table of ${model.pretrained}, ${architecture.vocabSize} × ${architecture.hiddenSize}, got ${vocabSize} × ${hiddenSize}`,
    );
  return { ...usage, architecture: { ...architecture, ...dropout }, initial: weights };
}
