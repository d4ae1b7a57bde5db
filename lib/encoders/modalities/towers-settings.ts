import { z } from "zod";
import { textTableSetting } from "../encoder-part.js";
import { gemSetting } from "../gem.js";
import { initialStd, layerStart, MOST_LAYERS, tableRows, width, widths } from "../model-sizes.js";

const rate = z.number().min(0).lt(1);

const augmentation = z
  .strictObject({
    flip: z.number().min(0).max(1).default(0).describe("probability of mirroring left and right"),
    crop: z.number().gt(0).max(1).default(1).describe("smallest share of the side a random crop keeps"),
    colour: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe("factors of light, contrast, saturation are 1 ± this"),
    blur: z.number().min(0).max(1).default(0).describe("probability of a 3 × 3 blur"),
    grid: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("probability of black squares at equal distances, ten a side (grid dropout); default 0"),
    ratio: z
      .number()
      .gt(0)
      .lt(1)
      .optional()
      .describe("side of such a square over their distance; default 0.2"),
  })
  .prefault({})
  .describe("changes of the pictures in training, drawn from the seed");

const bag = z.strictObject({ type: z.literal("bag") }).describe("mean of the shared token embeddings");
const category = z.strictObject({
  type: z.literal("category"),
  num_embeddings: tableRows,
  embedding_dim: width,
  initial_std: initialStd,
});
const vector = z.strictObject({
  type: z.literal("vector"),
  hidden_layers: widths.default([]),
  output_dim: width,
});
const cnn = z.strictObject({
  type: z.literal("cnn"),
  channels: widths
    .min(1)
    .default([16, 32, 64])
    .describe("filters per stage; each but the first halves the side"),
  blocks: z.int().min(1).max(MOST_LAYERS).default(1).describe("residual blocks per stage"),
  stem_stride: z
    .int()
    .min(1)
    .max(4)
    .default(2)
    .describe("of the first convolution; 2 = a quarter of the work"),
  pooling: z.enum(["mean", "gem"]).optional().describe("how positions become one; default: mean"),
  pooling_options: gemSetting,
  output_dim: width,
  augmentation,
});
const patches = z.strictObject({
  type: z.literal("patches"),
  patch: z.int().min(1).default(8).describe("pixels on each side; divides the picture's size"),
  width: width.default(64).describe("channels of a patch"),
  layers: z.int().min(0).max(MOST_LAYERS).default(2),
  mixing: z.enum(["mlp", "attention"]).default("mlp").describe("how patches see each other"),
  heads: z.int().min(1).default(4).describe("of the attention"),
  pooling: z.enum(["mean", "gem"]).optional().describe("how patches become one; default: mean"),
  pooling_options: gemSetting,
  output_dim: width,
  augmentation,
});
const regions = z.strictObject({
  type: z.literal("regions"),
  width: width.default(64).describe("hidden widths"),
  heads: z.int().min(1).default(4).describe("of the attention over regions; divides the features' entries"),
  output_dim: width,
  dropout: rate.default(0.1),
});

/** How one feature is embedded. */
const modalityEncoder = z.discriminatedUnion("type", [bag, category, vector, cnn, patches, regions]);

const fusion = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("concat"),
    hidden_layers: widths.default([]).describe("between the features' embeddings and the last linear layer"),
    layer_start: layerStart,
  }),
  z.strictObject({ type: z.literal("gated_sum") }),
  z.strictObject({ type: z.literal("attention"), hidden_layers: widths.default([128]) }),
]);

const tower = z.strictObject({
  text_feature: z.string().min(1).describe("column that search and maps show a row by"),
  features: z
    .array(
      z.strictObject({ feature: z.string().min(1).describe("declared column"), encoder: modalityEncoder }),
    )
    .min(1),
  fusion: fusion.prefault({ type: "concat" }),
  modality_dropout: rate
    .default(0)
    .describe("probability that a training row lacks a feature; one feature always stays"),
});

/** Settings of two towers over any features. */
export const towersKeys = {
  text_embedding: textTableSetting.describe("the table of every bag"),
  output_dim: width.describe("length of the embeddings"),
  share_towers: z
    .boolean()
    .default(false)
    .describe("documents use the query tower's parameters, features matched by position"),
  query: tower,
  document: tower,
};

export type TowersSection = z.infer<z.ZodObject<typeof towersKeys>>;
export type ModalityEncoderConfig = z.infer<typeof modalityEncoder>;
