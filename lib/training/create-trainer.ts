import type * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../encoders/encoder.js";
import type { Random } from "../engine/random/random.js";
import { type PairSet, stepsPerEpoch } from "../experiment/pairs.js";
import type { ExperimentConfig } from "../experiment/schema.js";
import { encoderSpec } from "../experiment/specs.js";
import { lossSpec, optimizerSpec, scheduleSpec } from "../experiment/training-specs.js";
import { UserError } from "../files/user-error.js";
import type { FusedTeaching } from "../fused/fused-plan.js";
import { type KnownPositives, positivesByQuery } from "../losses/candidate-mask.js";
import { createLoss } from "../losses/create-loss.js";
import type { BatchLoss } from "../losses/loss.js";
import { createOptimizer } from "../optimizers/create-optimizer.js";
import { createSchedule } from "../optimizers/create-schedule.js";
import { GroupedOptimizer } from "../optimizers/grouped-optimizer.js";
import { layerWiseOptimizer } from "../optimizers/layer-wise.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { Schedule } from "../optimizers/schedules/schedule.js";
import type { WordCuts } from "../tokenizer/text-vectorizer.js";
import { chooseTrainer } from "./choose-trainer.js";
import { pairTask } from "./objectives/batch-task.js";
import { DistillationObjective } from "./objectives/distillation-objective.js";
import { NegativeCacheObjective } from "./objectives/negative-cache-objective.js";
import type { Objective } from "./objectives/objective.js";
import { SampledCandidatesObjective } from "./objectives/sampled-candidates-objective.js";
import type { TeacherEmbeddings } from "./objectives/teacher-embeddings.js";
import { TypoRobustObjective } from "./objectives/typo-robust-objective.js";
import type { Trainer } from "./trainer.js";

/** The data that a trainer must know before it starts. */
export interface TrainerData {
  pairs: PairSet;
  /** About how many pairs an epoch holds, where they are streamed and `pairs` is empty. */
  stream?: { rows: number; positives: KnownPositives | null } | null;
  /** Ids per text. */
  textLength: number;
  /** Word boundaries of the ids, if the vectoriser has them. */
  words?: WordCuts | null;
  /** Of `pairs`, where the configuration names a teacher. */
  teacher?: TeacherEmbeddings | null;
  /** Told what graphs cannot hold; default: a line on the error stream. */
  tell?: (line: string) => void;
}

/**
 * The trainer of an experiment: with the fused engine where it applies (or is demanded), else with tfjs.
 *
 * @param random of the negatives' draws
 * @returns the trainer, and what the manifest says of its engine
 * @throws RangeError for names that are not registered, and for settings that the data cannot meet
 */
export function createTrainer(
  config: ExperimentConfig,
  encoder: Encoder,
  data: TrainerData,
  random: Random,
  threads: number,
): { trainer: Trainer; engine: string } {
  const loss = createLoss(lossSpec(config), random, {
    documents: data.stream ? 0 : data.pairs.documents.size,
    dim: encoder.outputDim,
  });
  const runSteps =
    config.num_epochs *
    stepsPerEpoch(
      data.stream?.rows ?? data.pairs.queryOf.length,
      config.batch_size,
      config.drop_last,
      config.pairs_per_epoch,
    );
  const optimizer = optimizerOf(config, encoder, runSteps);
  const positives = positivesOf(config, data);
  const { clip_norm: clipNorm, chunk_size: chunkSize } = config.update;
  return chooseTrainer({
    engine: config.engine,
    encoder,
    optimizer,
    plain: () => ({
      task: pairTask(loss, objectiveOf(config, loss, data, positives, encoder, random)),
      options: { schedule: scheduleOf(config, runSteps), clipNorm, chunkSize },
    }),
    fused: beyondFused(config, loss) ?? {
      task: pairTask(loss),
      encoderSpec: encoderSpec(config),
      lossSpec: lossSpec(config),
      optimizerSpec: optimizerSpec(config),
      maxBatch: config.batch_size,
      queryLength: data.textLength,
      documentLength: data.textLength,
      words: data.words ?? null,
      threads,
      mask: config.negatives.type === "batch" ? config.negatives.mask : "none",
      teaching: spellingOf(config),
      positives,
    },
    graphs: {
      ...{ batchSize: config.batch_size, threads, provider: config.provider },
      ...(data.tell && { tell: data.tell }),
      not: config.negatives.type === "cache" ? "a negative cache is searched outside graphs" : null,
    },
    parallel: config.data_parallel > 1 ? replicasOf(config, runSteps) : null,
    note: moments(config),
  });
}

function replicasOf(config: ExperimentConfig, runSteps: number) {
  const module = "lib/training/parallel/experiment-replica.ts";
  const source = { module, make: "makeExperimentReplica", options: { config, runSteps } };
  return { processes: config.data_parallel, source };
}

function moments({ optimizer }: ExperimentConfig): string {
  const kept = "row_moments" in optimizer ? optimizer.row_moments : "float32";
  return kept === "float32" ? "" : `, ${kept} moments of rows`;
}

/** Why the fused step, which knows a batch's own pairs and a constant rate, cannot train this; null if it can. */
function beyondFused(
  { negatives, schedule, update, distillation, data_parallel: processes }: ExperimentConfig,
  loss: BatchLoss,
): string | null {
  if (processes > 1) return "steps of several processes have no fused step";
  if (distillation) return "distillation has no fused step";
  if (negatives.type !== "batch") return `negatives of type ${negatives.type} have no fused step`;
  if (!negatives.in_batch) return "batches without in-batch negatives have no fused step";
  if (negatives.add.length > 0 || negatives.log_q !== null) return "added negatives have no fused step";
  if (schedule.type !== "constant" || schedule.warmup_steps > 0) return "schedules have no fused step";
  if (Object.values(update).some((value) => (Array.isArray(value) ? value.length > 0 : value !== null)))
    return "clipping, chunks and groups have no fused step";
  if (loss.readsIds) return "losses of labelled items have no fused step";
  return loss.weights ? "losses with weights of their own have no fused step" : null;
}

/** What misspelled queries are taught in a fused step, if anything. */
function spellingOf({ typos }: ExperimentConfig): FusedTeaching | null {
  if (!typos || (typos.self_teaching === 0 && typos.contrastive === 0)) return null;
  const { self_teaching: weight, contrastive, temperature } = typos;
  return { weight, contrastive, temperature };
}

function objectiveOf(
  config: ExperimentConfig,
  loss: BatchLoss,
  { pairs, teacher = null }: TrainerData,
  positives: KnownPositives,
  encoder: Encoder,
  random: Random,
): Objective | null {
  const { negatives, distillation } = config;
  if (negatives.type === "cache") {
    if (config.loss.type !== "batch_softmax")
      throw new UserError(`loss.type: must be batch_softmax with a negative cache, got ${config.loss.type}`);
    return new NegativeCacheObjective(
      { ...negatives, temperature: config.loss.temperature, batchSize: config.batch_size },
      pairs,
      encoder,
      random,
    );
  }
  const { typos } = config;
  const own = (queries: tf.Tensor2D, documents: tf.Tensor2D) => loss(queries, documents).value;
  const candidates = candidateObjective(config, loss, pairs, positives, encoder, random);
  if (distillation && !teacher)
    throw new UserError("createTrainer: distillation needs the teacher's embeddings, got none");
  const taught =
    distillation && teacher
      ? new DistillationObjective(candidates, own, teacher, encoder.outputDim, distillation)
      : candidates;
  if (!typos || (typos.self_teaching === 0 && typos.contrastive === 0)) return taught;
  return new TypoRobustObjective(taught, own, {
    selfTeaching: typos.self_teaching,
    contrastive: typos.contrastive,
    temperature: typos.temperature,
  });
}

function candidateObjective(
  { negatives }: ExperimentConfig,
  loss: BatchLoss,
  pairs: PairSet,
  positives: KnownPositives,
  encoder: Encoder,
  random: Random,
): Objective | null {
  if (negatives.type === "cache") return null;
  const own =
    negatives.mask === "none" && negatives.in_batch && negatives.add.length === 0 && !negatives.log_q;
  return own && !loss.weights && !loss.readsIds && !(loss.readsGrades && pairs.grades)
    ? null
    : new SampledCandidatesObjective(loss, negatives, pairs, positives, encoder, random);
}

/** The positives of each query, where anything asks for them: masks, and mined negatives. */
function positivesOf({ negatives }: ExperimentConfig, { pairs, stream }: TrainerData): KnownPositives {
  if (stream) return stream.positives ?? (() => undefined);
  if (negatives.type !== "batch") return () => undefined; // a cache keeps its own
  const mines = negatives.add.some(({ type }) => type === "hard");
  if (negatives.mask !== "known_positives" && !mines) return () => undefined;
  return positivesByQuery(pairs.queryOf, pairs.documentOf);
}

/** A run without steps has no schedule, whatever warm-up it asks for. */
function scheduleOf(section: Pick<ExperimentConfig, "schedule">, runSteps: number): Schedule {
  return runSteps === 0 ? () => 1 : createSchedule(scheduleSpec(section, runSteps));
}

/** The optimiser of an experiment, with the groups and rates by layer that it asks for. */
export function optimizerOf(config: ExperimentConfig, encoder: Encoder, runSteps: number): Optimizer {
  const make = () => createOptimizer(optimizerSpec(config));
  const { layer_wise_decay: decay, loss_learning_rate: lossRate, groups } = config.update;
  const model =
    decay === null
      ? make()
      : layerWiseOptimizer(make, decay, {
          weights: Object.keys(encoder.weights),
          tables: Object.keys(encoder.tables),
        });
  if (lossRate === null && groups.length === 0) return model;
  const names = [...Object.keys(encoder.weights), ...Object.keys(encoder.tables)];
  for (const { prefix } of groups)
    if (!names.some((name) => name.startsWith(prefix)))
      throw new UserError(
        `update.groups: prefix must begin a parameter's name (${names.slice(0, 8).join(", ")}, …), got "${prefix}"`,
      );
  const grouped = (name: string) => groups.find(({ prefix }) => name.startsWith(prefix));
  const isLoss = (name: string) => lossRate !== null && name.startsWith("loss.");
  return new GroupedOptimizer([
    { accepts: (name) => !isLoss(name) && !grouped(name), optimizer: model, factor: 1 },
    ...groups.map((group) => {
      const factor = scheduleOf(group, runSteps);
      return {
        accepts: (name: string) => !isLoss(name) && grouped(name) === group,
        optimizer: make(),
        factor: 1,
        rate: (step: number) => group.learning_rate * factor(step),
      };
    }),
    ...(lossRate === null
      ? []
      : [{ accepts: isLoss, optimizer: make(), factor: lossRate / config.learning_rate }]),
  ]);
}
