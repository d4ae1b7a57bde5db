import { z } from "zod";
import { dictionaryKeys, furtherFeatures } from "./feature-types.js";
import { judgementsSection } from "./judgements.js";

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
  ...dictionaryKeys,
});

/** One declared feature: a column and how it is read. */
export const feature = z.discriminatedUnion("type", [textFeature, categoricalFeature, ...furtherFeatures]);

const sentencePairs = z.strictObject({
  column: z.string().min(1).describe("document column with running text"),
  min_words: z.int().min(1).default(4).describe("shorter sentences are left out"),
  most: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("so many sentences of a document at most, its first ones; null = all"),
  copies: z
    .int()
    .min(0)
    .default(0)
    .describe("further queries of each sentence with words left out, drawn once, the same for every seed"),
  keep_words: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe("share of its words that such a copy keeps, in their order, at least min_words"),
});

const spanPairs = z
  .strictObject({
    column: z.string().min(1).describe("document column with running text"),
    count: z.int().min(1).default(1).describe("spans of each document, drawn once, the same for every seed"),
    min_words: z.int().min(1).default(2),
    max_words: z.int().min(1).default(6),
    beside: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "document column, e.g. the title, whose text stands before each span, as people type a title and an actor; null = the span alone",
      ),
  })
  .refine(({ min_words, max_words }) => min_words <= max_words, {
    error: "max_words must be at least min_words",
  });

/** Which columns each tower reads. */
export const datasetSection = z.strictObject({
  query_features: z.array(feature).min(1).describe("columns of the query side"),
  document_features: z.array(feature).min(1).describe("columns of the document side"),
  labelled_pairs: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      "training pairs of the data set that are used, drawn at random by the seed; null = all, 0 = none: documents' own texts alone",
    ),
  labelled_queries: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "training queries of the data set whose pairs are used, drawn at random by the seed; a smaller number is a part of a larger one. null = all",
    ),
  judgements: judgementsSection
    .nullable()
    .default(null)
    .describe(
      "judgements of a set that is not evaluated, as training: documents graded above 0 are pairs with that grade, for list_net and approximate_ndcg; those graded 0 are no pairs, and hard negatives first of all; null = off",
    ),
  grade_column: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "column of the training pairs with the grade of the document for the query, a number > 0, as imports write it where grades differ; for list_net and approximate_ndcg. null = all alike",
    ),
  document_pairs: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "document column, e.g. the title, whose text is one more training query of its own document; null = off. Documents are those of the default evaluation set",
    ),
  sentence_pairs: sentencePairs
    .nullable()
    .default(null)
    .describe(
      "every sentence of a document column is one more training query of its own document; null = off",
    ),
  span_pairs: spanPairs
    .nullable()
    .default(null)
    .describe(
      "runs of words at random places of a document column are further training queries of its own document; null = off",
    ),
});

export type DatasetConfig = z.infer<typeof datasetSection>;
export type FeatureConfig = z.infer<typeof feature>;
