import { z } from "zod";

/** Misspelled training queries; null = none. */
export const typosSection = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .default("qwerty")
      .describe(
        "kind of typo by name; keep another kind for the test. `real` needs the imported misspellings",
      ),
    probability: z.number().gt(0).max(1).default(0.5).describe("per word of a misspelled query"),
    augment: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("share of the pairs whose query is misspelled, drawn anew every epoch"),
    self_teaching: z
      .number()
      .min(0)
      .default(0)
      .describe("weight of the divergence of a misspelled query's scores from the clean one's; 0 = off"),
    contrastive: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "weight of the contrastive alignment of a misspelled query with itself spelled well, against the batch's others; 0 = off",
      ),
    temperature: z
      .number()
      .positive()
      .default(0.1)
      .describe("τ of the scores in self-teaching and contrastive alignment"),
    from_epoch: z.int().min(0).default(0).describe("epochs before this one see clean queries only"),
    misspellings_dir: z.string().min(1).default("data/typos").describe("what `real` draws from"),
  })
  .refine((typos) => typos.augment > 0 || typos.self_teaching > 0 || typos.contrastive > 0, {
    path: ["augment"],
    error: "augment, self_teaching or contrastive must be > 0, got 0, 0 and 0",
  })
  .nullable();

export type TyposConfig = NonNullable<z.infer<typeof typosSection>>;
