import { z } from "zod";

const rate = z.number().min(0).lt(1);
const momenta = {
  beta1: rate.default(0.9).describe("decay of the first moment"),
  beta2: rate.default(0.999).describe("decay of the second moment"),
  epsilon: z.number().positive().default(1e-8),
};

/** The optimiser; its learning rate is the top-level learning_rate. */
export const optimizerSection = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("adam"), ...momenta })
    .describe("rows outside the batch end where dense Adam puts them"),
  z
    .strictObject({ type: z.literal("lazy_adam"), ...momenta })
    .describe("rows outside the batch stay where they are"),
]);

export type OptimizerConfig = z.infer<typeof optimizerSection>;
