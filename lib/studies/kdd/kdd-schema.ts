import { z } from "zod";

const rate = z.number().positive();
const decay = z.number().gt(0).max(1);
const dropout = z.number().min(0).lt(1).default(0.1);

const matching = {
  epochs: z.int().min(1),
  use_epoch: z
    .union([z.literal("best"), z.int().min(1)])
    .default("best")
    .describe("which epoch predicts: the best on validation, or a number from 1"),
  batch_size: z.int().min(2),
  image_rate: rate.describe(
    "of the region weight and the projection; the rest of the image encoder is frozen",
  ),
  image_weight_decay: z.number().min(0).default(1e-6),
  text_rate: rate.describe("of everything behind the image encoder"),
  gamma: decay.default(0.95).describe("factor of the rates per epoch"),
  linked_negatives: z
    .boolean()
    .default(false)
    .describe("the negative product belongs to the negative query (report) or is drawn on its own (code)"),
  avoid_known_positives: z
    .boolean()
    .default(false)
    .describe(
      "no negative query, and no other query of the batch, lists the row's product (as published, it may): for data where many queries share a product",
    ),
};

/** The KDD Cup 2020 system: prepare, pre-train, export, two matching models, ensemble, submission. */
export const kddSchema = z.strictObject({
  system: z.literal("kdd"),
  seed: z.int().min(0).default(2020),
  matching_seed: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe(
      "of both matching models alone, which then stand in <work_dir>/matching-<n>; null = seed. Repeats them on the same pre-trained encoder",
    ),
  data_dir: z.string().min(1).describe("train.tsv, valid.tsv, testA.tsv or testB.tsv, valid_answer.json"),
  work_dir: z.string().min(1).describe("working files, parameters, predictions and the submission go here"),
  test_set: z.enum(["testA", "testB"]).default("testB"),
  backend: z
    .enum(["auto", "tensorflow", "wasm", "cpu"])
    .default("auto")
    .describe(
      "of tfjs; auto: wasm, else cpu; tensorflow: the native library, on a GPU where it finds one (results then differ by rounding)",
    ),
  engine: z
    .enum(["auto", "jit", "tfjs"])
    .default("auto")
    .describe(
      "what computes training steps: jit = graphs in ONNX Runtime, tfjs = op by op; auto: jit from 256 entries a region on, in one process",
    ),
  data_parallel: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      "processes that take each training step together, each with a part of the batch's rows, on a GPU of its own where the backend has one; dropout is drawn by process",
    ),
  max_malformed_rows: z.int().min(0).default(0).describe("task rows that may be unreadable"),
  published_rate_schedule: z.boolean().default(true).describe("epochs 0 and 1 share a rate, as published"),
  generate: z
    .strictObject({
      dataset_dir: z.string().min(1).describe("emoji data set the task is made from"),
      documents: z.int().min(10).describe("emoji used"),
      variants: z.int().min(1).describe("products per emoji in training, each a changed picture"),
      train_rows: z.int().min(10),
      queries: z.int().min(5).describe("of validation, and of each test set"),
      candidates: z.int().min(6).default(30).describe("products per query"),
    })
    .nullable()
    .default(null)
    .describe("write task files first, if data_dir has none; null = they are there"),
  tokenizer: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("lexicon") }).describe("lower case, split at space and hyphen"),
      z.strictObject({ type: z.literal("wordpiece"), vocabulary: z.string().min(1).describe("vocab.txt") }),
    ])
    .default({ type: "lexicon" }),
  word_vectors: z
    .discriminatedUnion("type", [
      z
        .strictObject({ type: z.literal("cooccurrence"), dim: z.int().min(2) })
        .describe("random projections of the words met in the same queries"),
      z.strictObject({ type: z.literal("npy"), path: z.string().min(1).describe("[vocabulary, dim]") }),
    ])
    .describe("frozen"),
  clusters: z.int().min(1).describe("of queries, by k-means on mean word vectors"),
  image: z.strictObject({
    feature_dim: z.int().min(1),
    max_regions: z.int().min(1).default(100),
    box_hidden: z.int().min(1).default(100),
    attention_heads: z.int().min(1).default(16),
    forward_hidden: z.int().min(1).default(4096),
    weight_hidden: z.array(z.int().min(1)).default([512]),
    projection_hidden: z.array(z.int().min(1)).default([2048]),
    label_heads: z.int().min(1).default(4),
    dropout,
  }),
  pretrain: z.strictObject({
    epochs: z.int().min(1),
    export_epoch: z.union([z.literal("best"), z.int().min(1)]).default("best"),
    batch_size: z.int().min(2),
    learning_rate: rate,
    weight_decay: z.number().min(0).default(1e-6),
    gamma: decay.default(0.96),
    hard_examples: z.int().min(1).default(1000).describe("negative words per picture that count"),
    captions: z.int().min(0).default(3).describe("validation pictures whose captions are kept per epoch"),
    beam: z.int().min(1).default(5),
    depth: z.int().min(1).default(15).describe("words of a caption at most"),
  }),
  model1: z.strictObject({
    ...matching,
    hidden: z.int().min(1).default(256),
    weight_hidden: z.int().min(1).default(512),
    margin: z.number().positive().default(0.9).describe("of the ranking terms and of the hinge form"),
    contrastive: z
      .strictObject({
        form: z
          .enum(["hinge", "logistic"])
          .default("hinge")
          .describe("hinge: max(0, margin + s⁻ − s⁺); logistic: −ln σ(s⁺) and −ln σ(−s⁻)"),
        negatives: z
          .enum(["hardest", "all"])
          .default("hardest")
          .describe("the worst of each row and column of the batch, or every one"),
        reduction: z.enum(["mean", "sum"]).default("mean"),
      })
      .prefault({})
      .describe("the term over all queries and products of a batch"),
    dropout,
  }),
  model2: z.strictObject({
    ...matching,
    dropout,
    any_query_share: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe(
        "share of the negatives from beyond the same last word that are drawn from all queries, the others from the query's cluster (0.5 as published)",
      ),
  }),
  ensemble: z
    .strictObject({
      points: z.int().min(2).default(100),
      scaling: z.enum(["raw", "z_score"]).default("raw"),
    })
    .prefault({}),
});

export type KddConfig = z.infer<typeof kddSchema>;
