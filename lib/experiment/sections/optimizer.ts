import { z } from "zod";
import { customSection } from "./custom.js";

const rate = z.number().min(0).lt(1);
const momenta = {
  beta1: rate.default(0.9).describe("decay of the first moment"),
  beta2: rate.default(0.999).describe("decay of the second moment"),
  epsilon: z.number().positive().default(1e-8),
};
/** For the optimisers that have a kernel for it. */
const rows = {
  row_moments: z
    .enum(["float32", "bfloat16"])
    .default("float32")
    .describe(
      "moments of rows of embedding tables in memory; bfloat16, rounded at random by step and row, makes a row with its moments a third smaller (those of dense weights stay float32)",
    ),
};
const decay = (value: number) => z.number().min(0).default(value).describe("weight decay");

/** The optimiser; its learning rate is the top-level learning_rate. */
export const optimizerSection = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("adam"), ...momenta, ...rows })
    .describe("rows outside the batch end where dense Adam puts them"),
  z
    .strictObject({ type: z.literal("lazy_adam"), ...momenta, ...rows })
    .describe("rows outside the batch stay where they are"),
  z
    .strictObject({ type: z.literal("adamw"), ...momenta, ...rows, weight_decay: decay(0.01) })
    .describe("decoupled weight decay, idle rows included"),
  z
    .strictObject({ type: z.literal("adam_l2"), ...momenta, weight_decay: decay(0) })
    .describe("weight decay added to the gradient; idle rows stay"),
  z
    .strictObject({ type: z.literal("hf_adamw"), ...momenta, weight_decay: decay(0) })
    .describe("ε added before the bias correction; idle rows stay"),
  z
    .strictObject({ type: z.literal("lamb"), ...momenta, weight_decay: decay(0.01) })
    .describe("Adam's step scaled to the length of each weight or touched row"),
  z.strictObject({ type: z.literal("sgd") }),
  z.strictObject({
    type: z.literal("adagrad"),
    epsilon: z.number().positive().default(1e-10),
    initial_accumulator: z.number().min(0).default(0),
  }),
  customSection,
]);

export type OptimizerConfig = z.infer<typeof optimizerSection>;
