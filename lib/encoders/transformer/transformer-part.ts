import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import {
  type EncoderSection,
  encoderPart,
  sizeSetting,
  textFeatureIssues,
  textKeys,
} from "../encoder-part.js";
import { gemIssues, gemSetting } from "../gem.js";
import { MOST_LAYERS, resolvedRows, width } from "../model-sizes.js";
import { readTransformerFolder } from "../pretrained/transformer-folder.js";
import { transformerEncoder } from "./transformer-encoder.js";
import type { TransformerSpec } from "./transformer-spec.js";

const probability = z.number().min(0).lt(1);

/**
 * A BERT-type encoder. `text_embedding` is its word-piece table: num_embeddings rows of hidden width embedding_dim,
 * which is also output_dim.
 */
const transformerKeys = {
  ...textKeys,
  text_embedding: sizeSetting,
  pretrained: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "folder written by qdrl model import, whose weights are the start; null = N(0, 0.02²). Layers, heads and widths are the folder's then",
    ),
  num_layers: z.int().min(1).max(MOST_LAYERS).default(2),
  num_heads: z.int().min(1).default(4).describe("must divide embedding_dim"),
  intermediate_size: width
    .nullable()
    .default(null)
    .describe("inner width of a layer; null = 4 · embedding_dim"),
  max_positions: z.int().min(3).default(512).describe("longest text in word-pieces"),
  dropout: probability.default(0.1).describe("of hidden states, in training"),
  attention_dropout: probability.default(0.1).describe("of attention weights, in training"),
  pooling: z
    .enum(["cls", "mean", "max", "pooler", "gem"])
    .default("mean")
    .describe("how token vectors become one"),
  pooling_options: gemSetting,
  normalize: z.boolean().default(true).describe("embeddings of unit length"),
  gradient_checkpointing: z
    .boolean()
    .default(false)
    .describe(
      "compute layers again for the gradient instead of keeping them: a third more time, room for larger batches",
    ),
  frozen_layers: z
    .int()
    .min(0)
    .default(0)
    .describe("embeddings and this many of the lowest layers keep their weights; 0 = train everything"),
  sides: z
    .enum(["shared", "separate"])
    .default("shared")
    .describe("one model for queries and documents, or one for each (DPR)"),
};

/**
 * The transformer that a configuration names, with the weights of its `pretrained` folder.
 *
 * @throws RangeError if the folder cannot be read or its word table has other sizes than text_embedding
 */
function transformerSpec(model: EncoderSection<typeof transformerKeys>): TransformerSpec {
  const { embedding_dim: hiddenSize } = model.text_embedding;
  const vocabSize = resolvedRows(model.text_embedding.num_embeddings);
  const usage = {
    pooling: model.pooling,
    ...(model.pooling_options && { gem: model.pooling_options }),
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

export const transformerPart = encoderPart({
  kind: "Transformer",
  summary: "a BERT-type encoder over word-pieces",
  settings: transformerKeys,
  optionsOf: (section) => ({ transformer: transformerSpec(section) }),
  check: (section, context) => [
    ...(context.vectorizer === "word_pieces"
      ? []
      : [
          {
            path: ["text_vectorizer", "type"],
            message: `must be word_pieces for a Transformer, got ${context.vectorizer}`,
          },
        ]),
    ...(section.output_dim === section.text_embedding.embedding_dim
      ? []
      : [
          {
            path: ["model", "output_dim"],
            message: `must equal text_embedding.embedding_dim (${section.text_embedding.embedding_dim}), got ${section.output_dim}`,
          },
        ]),
    ...gemIssues(section, ["model"]),
    ...textFeatureIssues(section, context),
  ],
  make: transformerEncoder,
});
