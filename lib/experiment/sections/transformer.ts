import { z } from "zod";

const probability = z.number().min(0).lt(1);

/**
 * A BERT-type encoder. `text_embedding` is its word-piece table: num_embeddings rows of hidden width embedding_dim,
 * which is also output_dim.
 *
 * @param common the keys of every model
 */
export function transformerModel<C extends z.ZodRawShape>(common: C) {
  return z.strictObject({
    type: z.literal("Transformer"),
    ...common,
    pretrained: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "folder written by qdrl model import, whose weights are the start; null = N(0, 0.02²). Layers, heads and widths are the folder's then",
      ),
    num_layers: z.int().min(1).default(2),
    num_heads: z.int().min(1).default(4).describe("must divide embedding_dim"),
    intermediate_size: z
      .int()
      .min(1)
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
  });
}
