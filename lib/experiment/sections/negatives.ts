import { z } from "zod";

const mask = z
  .enum(["none", "same_document", "known_positives"])
  .default("none")
  .describe(
    "candidates that are no negatives: none are left out (as published), copies of the positive, or every document that a training pair gives the query",
  );

const random = z
  .strictObject({
    type: z.literal("random"),
    count: z.int().min(1).describe("documents per step, for all queries of the batch"),
  })
  .describe("drawn uniformly from the training documents");

const hard = z
  .strictObject({
    type: z.literal("hard"),
    from: z.enum(["bm25", "model"]).describe("what ranks the training documents for each training query"),
    per_query: z
      .int()
      .min(1)
      .default(1)
      .describe("documents per query and step; all queries see all of them"),
    rank_from: z.int().min(1).default(1).describe("first rank, from 1, that may be a negative"),
    rank_to: z.int().min(1).default(50).describe("last rank that may be a negative"),
    refresh_epochs: z.int().min(1).default(1).describe("epochs from one ranking by the model to the next"),
    margin: z
      .number()
      .min(0)
      .nullable()
      .default(null)
      .describe("model only: keep documents whose cosine is at least this much below the best positive's"),
    exclude: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "file of suspected false negatives, of data doctor --queue or qrels; they are never taken, unless dataset.judgements grade them 0; null = none",
      ),
    unjudged: z
      .boolean()
      .default(true)
      .describe("false: only documents that dataset.judgements grade 0 for the query are taken"),
  })
  .describe(
    "mined for each query; its known positives are never taken, documents that dataset.judgements grade 0 first of all",
  );

const memory = z
  .strictObject({
    type: z.literal("memory"),
    size: z.int().min(1).describe("embeddings of earlier batches' documents kept as constant candidates"),
    warmup_steps: z.int().min(0).default(0).describe("steps before they are used"),
  })
  .describe("cross-batch memory");

const batch = z.strictObject({
  type: z.literal("batch"),
  mask,
  in_batch: z.boolean().default(true).describe("the other queries' documents are negatives"),
  add: z
    .array(z.discriminatedUnion("type", [random, hard, memory]))
    .default([])
    .describe("further candidates, combined"),
  log_q: z
    .strictObject({
      rate: z
        .number()
        .gt(0)
        .max(1)
        .default(0.05)
        .describe("of the moving average of intervals between sightings"),
    })
    .nullable()
    .default(null)
    .describe("correct scores by the log of how often a document is a candidate; null = off"),
});

const cache = z.strictObject({
  type: z.literal("cache"),
  size: z.int().min(1).describe("documents kept"),
  top_k: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("groups of the cache of which only the best row competes; must divide size; null = all rows"),
  use_lru: z
    .boolean()
    .default(true)
    .describe("evict the least recently used row rather than the first written"),
  refresh: z.boolean().default(true).describe("sampled rows get their fresh embedding"),
  retrieval: z
    .enum(["gumbel_max", "max"])
    .default("gumbel_max")
    .describe("how the one fresh negative per query is drawn; max is biased"),
  mask: z
    .enum(["none", "known_positives"])
    .default("known_positives")
    .describe("cached documents that are positives of the query compete (as published), or do not"),
  skip_present: z.boolean().default(true).describe("a document already cached is not inserted again"),
  in_batch: z.boolean().default(false).describe("the batch's other positives are negatives too"),
  prefill: z
    .boolean()
    .default(false)
    .describe("fill the cache with training documents, as first embedded, before the first step"),
  search: z
    .enum(["exact", "coded"])
    .default("exact")
    .describe(
      "coded: rows have codes of 16 numbers, a few per group are scored exactly; for large caches with top_k",
    ),
});

/** Where negatives come from. */
export const negativesSection = z.discriminatedUnion("type", [batch, cache]);

export type NegativesConfig = z.infer<typeof negativesSection>;
export type CacheConfig = Extract<NegativesConfig, { type: "cache" }>;
export type BatchNegativesConfig = Extract<NegativesConfig, { type: "batch" }>;
