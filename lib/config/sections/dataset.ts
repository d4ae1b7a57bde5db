import { z } from "zod";
import { furtherFeatures } from "./feature-types.js";

const textFeature = z.strictObject({
  name: z.string().min(1).describe("column of the data set, or what the columns of `from` make together"),
  type: z.literal("text"),
  from: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("columns joined by spaces; default: the one of that name"),
});

const categoricalFeature = z.strictObject({
  name: z.string().min(1).describe("column of the data set"),
  type: z.literal("categorical"),
  dictionary_path: z
    .string()
    .min(1)
    .describe("folder with dictionary.json; looked up in dataset_dir, then from the workspace root"),
  num_oov_categories: z
    .int()
    .min(2)
    .describe("hash buckets for unknown values; the last one is never used (V − 1 are)"),
});

/** One declared feature: a column and how it is read. */
export const feature = z.discriminatedUnion("type", [textFeature, categoricalFeature, ...furtherFeatures]);

/** Which columns each tower reads. */
export const datasetSection = z.strictObject({
  query_features: z.array(feature).min(1).describe("columns of the query side"),
  document_features: z.array(feature).min(1).describe("columns of the document side"),
  document_pairs: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "document column, e.g. the title, whose text is one more training query of its own document; null = off. Documents are those of the default evaluation set",
    ),
});

export type FeatureConfig = z.infer<typeof feature>;
