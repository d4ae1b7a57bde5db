import { z } from "zod";
import { tableRows } from "./table-rows.js";
import { towersModel } from "./towers.js";
import { transformerModel } from "./transformer.js";

const table = z.strictObject({
  num_embeddings: tableRows,
  embedding_dim: z.int().min(1).describe("columns of the table"),
});

const querySide = z.strictObject({ text_feature: z.string().min(1) });
const documentSide = z.strictObject({
  text_feature: z.string().min(1),
  categorical_feature: z.string().min(1).optional().describe("read by MultiModalTwoTower only"),
});

const common = {
  text_embedding: table,
  output_dim: z.int().min(1).describe("length of the embeddings"),
  query: querySide,
  document: documentSide,
};

const towers = {
  hidden_layers: z.array(z.int().min(1)).default([128]).describe("widths; ReLU after each"),
  last_linear: z.boolean().default(true).describe("end with a linear layer to output_dim"),
  separate_tables: z
    .boolean()
    .optional()
    .describe("a table of tokens per side instead of one that both sides share (the default)"),
  token_weights: z
    .enum(["uniform", "idf", "learned", "learned_from_idf"])
    .default("uniform")
    .describe(
      "how the rows of a text's bag count: alike; by inverse document frequency among the distinct training texts of both sides; by a trained number per row, starting at 1 or at that frequency",
    ),
};

// Published files carry the keys of every model at once, so each model accepts and ignores the others' two.
const unused = {
  category_feature: table.optional().describe("MultiModalTwoTower only"),
  fc_dim: z.int().min(1).optional().describe("SimpleTextEncoder only"),
};

const simpleKeys = {
  ...common,
  fc_dim: z.int().min(1).default(128).describe("width of the hidden layer"),
  category_feature: unused.category_feature,
  hidden_layers: z.array(z.int().min(1)).optional().describe("towers only"),
  last_linear: z.boolean().optional().describe("towers only"),
};

const simple = z.strictObject({ type: z.literal("SimpleTextEncoder"), ...simpleKeys });
const regularized = z.strictObject({
  type: z.literal("RegularizedSimpleTextEncoder"),
  ...simpleKeys,
  dropout: z.number().min(0).lt(1).default(0.5).describe("share of the pooled embedding zeroed in training"),
});
const linear = z.strictObject({
  type: z.literal("LinearEncoder"),
  ...simpleKeys,
  fc_dim: unused.fc_dim,
});
const twoTower = z.strictObject({ type: z.literal("TwoTower"), ...common, ...towers, ...unused });
const multiModal = z.strictObject({
  type: z.literal("MultiModalTwoTower"),
  ...common,
  ...towers,
  ...unused,
  category_feature: table,
});

const custom = z
  .strictObject({
    type: z.literal("custom"),
    name: z.string().min(1).describe("as registered, e.g. in a notebook cell"),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("handed to the registered factory with the rest"),
    ...common,
    ...unused,
  })
  .describe("an encoder registered under a name of its own");

/** The encoder. */
export const modelSection = z.discriminatedUnion("type", [
  simple,
  regularized,
  linear,
  twoTower,
  multiModal,
  towersModel,
  transformerModel(common),
  custom,
]);

export type ModelConfig = z.infer<typeof modelSection>;
