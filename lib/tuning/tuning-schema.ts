import { z } from "zod";
import { objectiveNames } from "./objectives.js";

const overrides = z.record(z.string().min(1), z.unknown());

const between = z
  .strictObject({
    from: z.number().describe("least value"),
    to: z.number().describe("largest value"),
    scale: z
      .enum(["linear", "log"])
      .default("linear")
      .describe("log: each factor is as likely as another, for values above 0"),
    whole: z.boolean().default(false).describe("round to whole numbers"),
  })
  .refine(({ from, to }) => from < to, { error: "from must be below to" })
  .refine(({ from, scale }) => scale === "linear" || from > 0, {
    error: "from must be above 0 on a log scale",
  });

const values = z.array(z.unknown()).min(2);

const sets = z.strictObject({
  sets: z
    .record(z.string().min(1), overrides)
    .refine((named) => Object.keys(named).length >= 2, { error: "must hold at least two" })
    .describe("changes of several keys that belong together, by a name for tables; {} = as in the base"),
});

/** What one dimension of the search may be: one of a list, one of several named sets of changes, or a number between two. */
export const rangeSchema = z.union([values, sets, between]);

export type Range = z.infer<typeof rangeSchema>;

const term = z.strictObject({
  measure: z.string().min(1).describe("e.g. Recall@10, nDCG@10, MRR@10"),
  typos: z.number().min(0).max(1).default(0).describe("probability of a typo per word of the query"),
  weight: z.number().positive().default(1).describe("of the mixture"),
});

/** What to search: a configuration, ranges of some of its keys, what is better, and how long trials may take. */
export const tuningSchema = z.strictObject({
  task_id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" })
    .describe("folder of the trials"),
  base: z
    .string()
    .min(1)
    .describe("configuration that every trial starts from, and that the best one is compared with"),
  ranges: z
    .record(z.string().min(1), rangeSchema)
    .refine((ranges) => Object.keys(ranges).length > 0, { error: "must name at least one key" })
    .describe("key.path: a list of values, {sets: …} or {from, to, scale, whole}"),
  set: overrides.default({}).describe("changes common to all trials but the base itself"),
  objective: z
    .union([z.enum(objectiveNames), z.array(term).min(1)], {
      error: `must be one of ${objectiveNames.join(", ")}, or a list of {measure, typos, weight}`,
    })
    .default("mixture")
    .describe("by name, or a weighted mean of measures; of validation queries, larger is better"),
  limits: z
    .strictObject({
      megabytes: z.number().positive().nullable().default(null).describe("of the model file, 10⁶ bytes"),
      query_ms: z
        .number()
        .positive()
        .nullable()
        .default(null)
        .describe("of one query, estimated from a figure that is measured once on this machine and kept"),
    })
    .prefault({})
    .describe("a trial beyond one cannot win; null = none"),
  epochs: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("of a trial that is never stopped; null = the base's"),
  rungs: z
    .int()
    .min(1)
    .max(6)
    .default(3)
    .describe("stages of a trial; each doubles the epochs of the one before"),
  bracket: z.int().min(2).max(256).default(8).describe("trials that are halved together"),
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      "a trial that is worse than its bracket's best at this level, Holm-corrected, is stopped; 0 = halving alone",
    ),
  search: z
    .enum(["random", "tpe"])
    .default("tpe")
    .describe(
      "random: every trial independent; tpe: tree-structured Parzen estimator from the second bracket on",
    ),
  seed: z.int().min(0).default(1).describe("of draws and of every trial's training"),
  final_seeds: z
    .array(z.int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, { error: "must differ" })
    .default([101, 102, 103])
    .describe("of the two runs that look at the test queries; none of them chose anything"),
});

export type TuningConfig = z.infer<typeof tuningSchema>;
