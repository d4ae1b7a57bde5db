import { z } from "zod";

/** When the validation loss is measured, and what follows from it. Needs a data set with a validation part. */
export const validationSection = z.strictObject({
  before_training: z
    .boolean()
    .default(false)
    .describe(
      "measure the untouched model first (epoch −1, step 0): the in-batch softmax should start near ln B",
    ),
  every_epochs: z
    .int()
    .min(1)
    .default(1)
    .describe("epochs from one measurement to the next; the last epoch is always measured"),
  patience: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("stop after so many epochs without a lower validation loss; null = off"),
  keep_best: z
    .boolean()
    .default(false)
    .describe("the run's model is that of the epoch with the lowest validation loss, not the last"),
});
