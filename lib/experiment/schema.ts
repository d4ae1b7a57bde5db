import { z } from "zod";
import { encoders } from "../encoders/create-encoder.js";
import { GRAPH_PROVIDERS } from "../engine/graph-provider.js";
import { ROW_STORAGES } from "../files/rounded-rows.js";
import { losses } from "../losses/create-loss.js";
import { optimizers } from "../optimizers/create-optimizer.js";
import { schedules } from "../optimizers/create-schedule.js";
import { datasetSection } from "./sections/dataset.js";
import { distillationSection } from "./sections/distillation.js";
import { recallValidationSection } from "./sections/evaluation.js";
import { negativesSection } from "./sections/negatives.js";
import { streamingSection } from "./sections/streaming.js";
import { textSection } from "./sections/text.js";
import { typosSection } from "./sections/typos.js";
import { updateSection } from "./sections/update.js";
import { validationSection } from "./sections/validation.js";
import { vectorizerSection } from "./sections/vectorizer.js";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: "must be letters, digits, '.', '_' or '-'" })
  .describe("becomes a folder name");

const build = () =>
  z.strictObject({
    task_id: name,
    run_id: name,
    name: z
      .string()
      .min(1)
      .optional()
      .describe("what tables call it; default: made of model, tokens and loss"),
    seed: z.int().min(0).default(0).describe("of every random draw"),
    num_epochs: z
      .int()
      .min(0)
      .describe("passes over the training pairs; 0 = evaluate the model as it starts"),
    dataset_dir: z.string().min(1).describe("a data-set folder, from the workspace root"),
    output_dir: z.string().min(1).default("reports/runs").describe("where <task_id>/<run_id>/ is written"),
    commit_hash: z.string().nullable().default(null).describe("provenance; null = ask git"),
    batch_size: z.int().min(1).describe("pairs per step"),
    learning_rate: z.number().positive().describe("of the optimiser, before its schedule"),
    reuse_epoch: z.boolean().default(true).describe("resume after the stored epoch rather than at epoch 0"),
    dataloader_workers: z
      .int()
      .min(0)
      .default(0)
      .describe(
        "threads that read and vectorise where pairs are streamed, part-file i by thread i mod W; 0 = the training thread. Pairs in memory are read once and need none",
      ),
    shuffle: z.boolean().default(true).describe("draw the pairs of each epoch in a new seeded order"),
    pairs_per_epoch: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "pairs that an epoch visits, drawn anew from all; null = all. For slow encoders: checkpoints and resuming go by epochs",
      ),
    drop_last: z
      .boolean()
      .default(true)
      .describe(
        "leave out the incomplete last batch of an epoch; that of each reader thread where pairs are streamed",
      ),
    streaming: streamingSection.prefault({}).describe("data that are too large for memory"),
    on_error: z
      .enum(["skip", "fail"])
      .default("fail")
      .describe("a part-file that cannot be read: leave it out and count it, or stop"),
    max_malformed_rows: z
      .int()
      .min(0)
      .default(100)
      .describe("data rows that may be unreadable before the run stops"),
    keep_checkpoints: z
      .union([z.literal("all"), z.int().min(0)])
      .default(0)
      .describe(
        "checkpoints left when the run is finished: all = every epoch's, n = the newest n, 0 = none, the model alone. Without one, a run of more epochs starts over",
      ),
    checkpoint_every: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "epochs between two checkpoints; null = one a minute while training (after an epoch), or as many as are kept",
      ),
    log_every: z.int().min(1).default(50).describe("steps between two entries of Loss/step"),
    tensorboard: z.boolean().default(true).describe("write event files for TensorBoard beside metrics.jsonl"),
    backend: z
      .enum(["auto", "tensorflow", "wasm", "cpu"])
      .default("auto")
      .describe(
        "of tfjs; auto: wasm, else cpu; tensorflow: the native library, on a GPU where it finds one, without fused steps",
      ),
    provider: z
      .enum(GRAPH_PROVIDERS)
      .default("cpu")
      .describe(
        "where ONNX Runtime runs its graphs, of engine jit and of encode_with: onnx; webgpu: a GPU with a Vulkan driver; cuda: one of NVIDIA's (npm run native -- --help); numbers then differ by rounding",
      ),
    engine: z
      .enum(["auto", "fused", "jit", "tfjs"])
      .default("auto")
      .describe(
        "what computes training steps: fused = whole steps in SIMD kernels; jit = graphs of tfjs ops in ONNX Runtime; tfjs = op by op. auto: fused where the model has it, else jit where large products make it the faster one, else tfjs",
      ),
    data_parallel: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        "processes that embed a batch together, each a part of its rows, on a GPU of its own where the backend has one; every query still meets the whole batch's negatives",
      ),
    dataset: datasetSection.describe("columns that are read, and what is made of them"),
    text: textSection.describe("how all texts are read"),
    text_vectorizer: vectorizerSection.describe("texts to token ids"),
    model: encoders.schema().describe("the encoder"),
    loss: losses.schema().describe("the training objective"),
    negatives: negativesSection.prefault({ type: "batch" }).describe("where negatives come from"),
    optimizer: optimizers
      .schema()
      .prefault({ type: "adam" })
      .describe("its learning rate is the top-level learning_rate"),
    schedule: schedules.schema().prefault({ type: "constant" }).describe("of the learning rate"),
    update: updateSection().prefault({}).describe("how gradients become an update"),
    distillation: distillationSection.default(null).describe("a trained encoder that teaches this one"),
    typos: typosSection.default(null).describe("misspelled training queries"),
    store_rows: z
      .enum(ROW_STORAGES)
      .default("float32")
      .describe(
        "rows of embedding tables in the model file: as trained, in 8 to 4 bits a value or as signs, with a scale a row (int8 takes a quarter of float32, int4 an eighth); results per query are of the model as stored (metrics.jsonl stays that of the model as trained)",
      ),
    validation: validationSection.prefault({}).describe("the loss on the validation part"),
    recall_validation: recallValidationSection.prefault({}).describe("retrieval on the evaluation sets"),
    search: z
      .strictObject({
        threshold: z
          .number()
          .nullable()
          .default(null)
          .describe(
            "score under which qdrl search returns nothing; what qdrl threshold saves goes before it",
          ),
      })
      .prefault({})
      .describe("search in a finished run"),
  });

let built: { parts: readonly unknown[]; schema: ReturnType<typeof build> } | null = null;

/**
 * The whole experiment. Keys of the published system keep their names and meanings; the others have defaults. Sections
 * that name a part are those that the parts declare, registered ones included.
 */
export function experimentSchema(): ReturnType<typeof build> {
  const parts = [encoders, losses, optimizers, schedules].map((registry) => registry.schema());
  if (built?.parts.every((part, i) => part === parts[i])) return built.schema;
  built = { parts, schema: build() };
  return built.schema;
}

/** A checked experiment with every default filled in. */
export type ExperimentConfig = z.infer<ReturnType<typeof build>>;
