import { z } from "zod";
import { customSection } from "./custom.js";

const batchSize = z
  .int()
  .min(1)
  .optional()
  .describe("if given, must equal the top-level batch_size (published configs repeat it here)");
const temperature = z.number().positive().default(0.1).describe("τ, scores are divided by it");
const similarity = z.enum(["cosine", "dot"]).default("cosine");
const distance = z.enum(["cosine", "euclidean", "sqeuclidean"]).default("cosine");

const batchSoftmax = z.strictObject({
  type: z.literal("batch_softmax"),
  batch_size: batchSize,
  temperature: z.number().positive().default(0.1).describe("τ, the cosine is divided by it"),
});

const triplet = z.strictObject({
  type: z.literal("triplet"),
  batch_size: batchSize,
  num_negatives: z
    .int()
    .min(1)
    .default(63)
    .describe("columns j ≤ num_negatives serve as negatives (published rule)"),
  margin: z.number().positive().default(0.3).describe("m, in units of cosine distance"),
});

const common = { batch_size: batchSize };
const margin = (value: number) => z.number().positive().default(value).describe("m");

/** The training objective. */
export const lossSection = z.discriminatedUnion("type", [
  batchSoftmax,
  triplet,
  z.strictObject({
    type: z.literal("symmetric_softmax"),
    ...common,
    temperature: temperature.describe("τ, or its start when learnable"),
    learnable: z.boolean().default(false).describe("train 1/τ, kept in [1, max_scale]"),
    max_scale: z.number().min(1).default(100),
  }),
  z.strictObject({ type: z.literal("softmax"), ...common, temperature, similarity }),
  z.strictObject({ type: z.literal("pairwise_logistic"), ...common, temperature, similarity }),
  z.strictObject({ type: z.literal("pairwise_hinge"), ...common, margin: margin(0.3), similarity }),
  z.strictObject({
    type: z.literal("pointwise_bce"),
    ...common,
    temperature,
    bias: z.number().default(0).describe("added to every logit"),
    similarity,
  }),
  z.strictObject({ type: z.literal("list_net"), ...common, temperature, similarity }),
  z.strictObject({
    type: z.literal("approximate_ndcg"),
    ...common,
    temperature: temperature.describe("of the sigmoids that stand for ranks"),
    similarity,
  }),
  z.strictObject({
    type: z.literal("multi_similarity"),
    ...common,
    alpha: z.number().positive().default(2),
    beta: z.number().positive().default(50),
    base: z.number().default(0.5).describe("λ"),
  }),
  z.strictObject({
    type: z.literal("circle"),
    ...common,
    margin: margin(0.25),
    gamma: z.number().positive().default(80),
  }),
  z.strictObject({
    type: z.literal("triplet_margin"),
    ...common,
    margin: margin(0.3),
    distance,
    average: z.enum(["all", "non_zero"]).default("all").describe("triplets that the mean counts"),
  }),
  z.strictObject({ type: z.literal("contrastive"), ...common, margin: margin(1), distance }),
  z
    .strictObject({
      type: z.literal("labelled"),
      ...common,
      name: z
        .string()
        .min(1)
        .describe("a loss of labelled items, e.g. triplet, siamese, sup_con, or a registered one"),
      options: z.record(z.string(), z.unknown()).default({}).describe("of the loss, spelled as in code"),
      miner: z
        .strictObject({
          name: z.string().min(1).describe("e.g. easy_hard_triplets, or a registered one"),
          options: z.record(z.string(), z.unknown()).default({}),
        })
        .nullable()
        .default(null)
        .describe("what the loss compares; null = all pairs or triplets"),
    })
    .describe("queries and documents are items, labelled by the document"),
  customSection.extend(common),
]);

export type LossConfig = z.infer<typeof lossSection>;
