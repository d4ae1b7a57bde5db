import { z } from "zod";
import { cleaningNames } from "../../tokenizer/text-cleaning.js";

/** What every reader of texts shares. */
export const textSection = z
  .strictObject({
    cleaning: z
      .enum(cleaningNames)
      .nullable()
      .default(null)
      .describe(
        "how texts become words. published: a–z and 0–9 as in the thesis, everything else deleted; unicode: words of any language; null = that of the data set's dictionary, unicode where the folder has no manifest",
      ),
  })
  .prefault({});

export type TextConfig = z.infer<typeof textSection>;
