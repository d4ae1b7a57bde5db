import { z } from "zod";
import { CONFLICT_RULES } from "../../datasets/judgements.js";

/** Judgements beside those of the data set. */
export const judgementsSection = z.strictObject({
  files: z
    .array(z.string().min(1))
    .min(1)
    .describe("of qdrl judge, or qrels in TREC's or BEIR's form, all of one evaluation set"),
  set: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "evaluation set whose queries qrels name; null = told by their ids. Files of qdrl judge say it",
    ),
  conflicts: z
    .enum(CONFLICT_RULES)
    .default("refuse")
    .describe("what counts where judges differ; majority: of equally frequent grades the lower"),
  machines: z
    .array(z.string().min(1))
    .default([])
    .describe("judges that are programs and count beside people"),
});

/** Judgements that evaluation counts. */
export const evaluatedJudgements = judgementsSection.extend({
  queries: z
    .enum(["all", "judged"])
    .default("all")
    .describe("judged: the queries that the files judge, alone"),
});

export type JudgementsConfig = z.infer<typeof judgementsSection>;
export type EvaluatedJudgements = z.infer<typeof evaluatedJudgements>;
