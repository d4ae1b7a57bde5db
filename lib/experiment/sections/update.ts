import { z } from "zod";
import { schedules } from "../../optimizers/create-schedule.js";

/** How gradients become an update. */
export const updateSection = () =>
  z.strictObject({
    clip_norm: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe("gradients longer than this (all parameters together) are scaled down to it; null = off"),
    chunk_size: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "rows embedded at a time (GradCache): the batch's gradients in the memory of a chunk; null = all at once",
      ),
    layer_wise_decay: z
      .number()
      .gt(0)
      .max(1)
      .nullable()
      .default(null)
      .describe("each layer's rate is this times that of the layer above; null = one rate"),
    loss_learning_rate: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe("of weights that a loss trains itself, e.g. a temperature; null = learning_rate"),
    groups: z
      .array(
        z.strictObject({
          prefix: z
            .string()
            .min(1)
            .describe(
              'parameters whose names begin so, e.g. "query." and "document." where sides are separate',
            ),
          learning_rate: z.number().positive(),
          schedule: schedules.schema().prefault({ type: "constant" }),
        }),
      )
      .default([])
      .describe("parameters with an optimiser, a rate and a schedule of their own, e.g. one per encoder"),
  });

export type UpdateConfig = z.infer<ReturnType<typeof updateSection>>;
