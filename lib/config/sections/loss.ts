import { z } from "zod";

const batchSize = z
  .int()
  .min(1)
  .optional()
  .describe("if given, must equal the top-level batch_size (published configs repeat it here)");

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

/** The training objective. */
export const lossSection = z.discriminatedUnion("type", [batchSoftmax, triplet]);

export type LossConfig = z.infer<typeof lossSection>;
