import { z } from "zod";
import { evaluatedJudgements } from "./judgements.js";

/** Retrieval evaluation after every epoch. */
/** A list that names nothing twice: what is asked for twice would be computed, written and shown twice. */
function distinct<T extends z.ZodType<readonly (string | number)[]>>(list: T): T {
  return list.refine((values) => new Set(values).size === values.length, {
    error: ({ input }) => `must name nothing twice, got ${JSON.stringify(input)}`,
  });
}

export const recallValidationSection = z.strictObject({
  enabled: z.boolean().default(false),
  k: distinct(z.array(z.int().min(1)).min(1))
    .default([10, 60, 100, 1024])
    .describe("cut-offs"),
  measures: distinct(z.array(z.string().min(1)))
    .default([])
    .describe("further measures by name, e.g. nDCG@10, MAP@100, Judged@10, nDCG(judged)@10"),
  judgements: evaluatedJudgements
    .nullable()
    .default(null)
    .describe(
      "further judgements, as partial as they are: each measure then has the same on condensed lists beside it, the share of its ranks that is judged, and bpref; null = off",
    ),
  query_typo_probabilities: distinct(z.array(z.number().min(0).max(1)).min(1))
    .default([0.0, 0.5])
    .describe("probability per word; 0 = clean queries"),
  similarity: z
    .enum(["cosine", "dot"])
    .default("cosine")
    .describe("what the index ranks by: cosine, or the inner product without normalisation"),
  encode_with: z
    .enum(["tfjs", "onnx"])
    .default("tfjs")
    .describe("what embeds documents and queries: the training backend, or ONNX Runtime on all cores"),
  every_epochs: z
    .int()
    .min(1)
    .default(1)
    .describe("epochs from one evaluation to the next; the last epoch is always evaluated"),
  before_training: z
    .boolean()
    .default(false)
    .describe(
      "evaluate the untrained model first (epoch −1, step 0); what it found is kept in queries-before.jsonl.gz",
    ),
  sets: distinct(z.array(z.string().min(1)))
    .optional()
    .describe(
      "evaluation sets of the data set to use; default: all that its manifest names. `validation` may be asked for where there is a validation part, whose rows are its queries unless the manifest names a set so",
    ),
});

export type RecallValidationConfig = z.infer<typeof recallValidationSection>;
