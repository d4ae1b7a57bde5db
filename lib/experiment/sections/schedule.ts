import { z } from "zod";
import { customSection } from "./custom.js";

const warm = { warmup_steps: z.int().min(0).default(0).describe("steps from rate 0 to the full rate") };
const total = {
  ...warm,
  total_steps: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("steps after which the end is reached; null = all of the run's, which fixes num_epochs"),
};
const floor = z.number().min(0).max(1).default(0).describe("lowest share of the learning rate");

/** How the learning rate changes from step to step. */
export const scheduleSection = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("constant"), ...warm }),
  z.strictObject({ type: z.literal("linear"), ...total }),
  z.strictObject({ type: z.literal("cosine"), ...total }),
  z.strictObject({
    type: z.literal("cosine_with_restarts"),
    ...total,
    cycles: z.int().min(1).default(1).describe("half cosines one after the other"),
  }),
  z.strictObject({
    type: z.literal("exponential"),
    ...warm,
    rate: z.number().gt(0).max(1).describe("factor per every_steps"),
    every_steps: z.int().min(1),
  }),
  z.strictObject({ type: z.literal("polynomial"), ...total, power: z.number().positive().default(1), floor }),
  z.strictObject({ type: z.literal("bounded_cosine"), ...total, floor }),
  customSection,
]);

export type ScheduleConfig = z.infer<typeof scheduleSection>;
