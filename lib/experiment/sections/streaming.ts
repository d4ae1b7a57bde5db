import { z } from "zod";

/** Training pairs that are read anew in every epoch rather than held in memory. */
export const streamingSection = z.strictObject({
  mode: z
    .enum(["auto", "always", "never"])
    .default("auto")
    .describe(
      "always: every epoch reads the part-files anew; auto: so from above_megabytes on, unless all rows are needed at once (pictures, vectors, numbers, word-pieces, idf weights, added negatives, further pairs of documents, pairs_per_epoch, a teacher)",
    ),
  above_megabytes: z
    .number()
    .min(0)
    .default(200)
    .describe("size of the training part-files, in 10⁶ bytes, above which auto streams"),
  shuffle_rows: z
    .int()
    .min(0)
    .default(65_536)
    .describe("rows that each reader thread holds for mixing; not used where shuffle is false"),
});
