import os from "node:os";
import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import { TailoredEncoder } from "../../encoders/tailor/tailored-encoder.js";
import type { Random } from "../../engine/random/random.js";
import { checkNegatives } from "../../experiment/negatives-checks.js";
import { type NegativesConfig, negativesSection } from "../../experiment/sections/negatives.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { type KnownPositives, positivesByQuery } from "../../losses/candidate-mask.js";
import { createItemLoss, itemLossCompares, itemLosses } from "../../losses/create-item-loss.js";
import { createLoss, losses, overPairs } from "../../losses/create-loss.js";
import type { BatchLoss } from "../../losses/loss.js";
import type { Similarity } from "../../losses/scored-batch-loss.js";
import { cosineSimilarity, marginMse, scoredLossOf } from "../../losses/scored-losses.js";
import { classSamplerProblem } from "../../negatives/samplers/class-sampler.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import { GroupedOptimizer } from "../../optimizers/grouped-optimizer.js";
import type { Optimizer, OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule } from "../../optimizers/schedules/schedule.js";
import { chooseTrainer, type GraphRequest, plainSteps, type TrainerChoice } from "../choose-trainer.js";
import {
  type BatchTask,
  type ItemBatch,
  itemTask,
  type MarginBatch,
  marginTask,
  pairTask,
  type ScoredBatch,
  scoredTask,
} from "../objectives/batch-task.js";
import { NegativeCacheObjective } from "../objectives/negative-cache-objective.js";
import type { Objective } from "../objectives/objective.js";
import { SampledCandidatesObjective } from "../objectives/sampled-candidates-objective.js";
import type { SessionEpoch } from "../session.js";
import { Trainer, type TrainerOptions } from "../trainer.js";
import { drawBatches, type FitBatch, type Sampling, takeBatch } from "./fit-batches.js";
import type { FitData } from "./fit-data.js";
import type { ResolvedOptions } from "./fit-schema.js";

/** A fit with everything resolved. */
export interface FitPlan {
  trainer: Trainer<FitBatch>;
  /** what computes its steps */
  engine: string;
  /** batches of an epoch */
  epoch(epoch: number): SessionEpoch<FitBatch>;
  validation: { batches(): Iterable<FitBatch>; steps: number } | null;
}

type Options = Pick<
  ResolvedOptions,
  | "loss"
  | "miner"
  | "sampler"
  | "itemsPerClass"
  | "views"
  | "side"
  | "negatives"
  | "lossOptimizer"
  | "chunkSize"
  | "clipNorm"
  | "scheduleBy"
  | "engine"
  | "threads"
  | "tell"
> & { trainData: FitData; evalData?: FitData; batchSize: number };

/** What is trained, and how it is moved. */
export interface FitModel {
  encoder: Encoder;
  /** null for an encoder that was made by somebody else */
  spec: EncoderSpec | null;
  optimizer: Optimizer;
  /** null where one optimiser in plain data does not say it all */
  optimizerSpec: OptimizerSpec | null;
  /** null: the rate is constant */
  schedule: Schedule | null;
}

/** Joins data, loss, miner and sampler, and refuses what can be known to fail. */
export function planFit(given: Options, model: FitModel, random: Random): FitPlan {
  const { encoder } = model;
  if (given.chunkSize !== undefined && encoder instanceof TailoredEncoder && encoder.head)
    throw new UserError(
      "fit: chunkSize must be left out with a projection head, whose batch normalisation needs whole batches",
    );
  const { trainData, evalData, batchSize, views } = given;
  if (evalData && evalData.kind !== trainData.kind)
    throw new UserError(
      `fit: evalData must be of kind ${trainData.kind} like trainData, got ${evalData.kind}`,
    );
  const sampler = samplerOf(given);
  const itemsPerClass = itemsOfClass(given, sampler);
  const options = { ...given, ...(itemsPerClass !== undefined && { itemsPerClass }) };
  check(options, sampler, batchSize);
  const { trainer, engine } =
    trainData.kind === "pairs"
      ? pairTrainer({ ...options, trainData }, model, random, batchSize)
      : itemTrainer(options, trainData, model, random, batchSize);
  const draw = (data: FitData, from: Random) =>
    drawBatches(data, { sampler, batchSize, itemsPerClass, views }, from).filter(
      (batch) => batch.length >= smallest(options),
    );
  const taken = function* (data: FitData, batches: readonly Int32Array[]): Generator<FitBatch> {
    for (const positions of batches) yield takeBatch(data, positions);
  };
  const held = evalData ? draw(evalData, random.fork("validation")) : null;
  return {
    trainer: trainer as Trainer<FitBatch>,
    engine,
    epoch(epoch) {
      if (trainData.kind === "pairs" && trainData.stream) {
        const { pairs } = trainData.stream;
        return { batches: pairs.epoch(epoch), steps: Math.ceil(pairs.rows / batchSize), items: pairs.rows };
      }
      const batches = draw(trainData, random.fork(`order-${epoch}`));
      const items = batches.reduce((sum, batch) => sum + batch.length, 0);
      return { batches: taken(trainData, batches), steps: batches.length, items };
    },
    validation: held && { batches: () => taken(evalData!, held), steps: held.length },
  };
}

/** Pairs: with the fused step where it applies. */
function pairTrainer(
  options: Options & { trainData: Extract<FitData, { kind: "pairs" }> },
  model: FitModel,
  random: Random,
  batchSize: number,
): { trainer: Trainer; engine: string } {
  const { encoder } = model;
  const { loss } = options;
  if (options.miner) throw new UserError(`fit: pairs take no miner, got "${options.miner.kind}"`);
  const made = createLoss(loss, random.fork("negatives"), {
    documents: options.trainData.pairs.documents.size,
    dim: encoder.outputDim,
  });
  const negatives = negativesOf(options, made, batchSize);
  return chooseTrainer({
    engine: options.engine ?? "auto",
    encoder,
    optimizer: withLossOptimizer(options, model.optimizer),
    plain: () => ({
      task: pairTask(made, negatives && pairObjective(options, negatives, made, encoder, random, batchSize)),
      options: trainerOptions(options, model),
    }),
    fused: fusedParts(options, model, made, negatives, batchSize),
    graphs: {
      ...graphRequest(options, batchSize),
      not: negatives?.type === "cache" ? "a negative cache is searched outside graphs" : null,
    },
  });
}

function graphRequest({ threads, tell }: Options, batchSize: number): GraphRequest {
  return { batchSize, threads: threads ?? os.availableParallelism(), ...(tell && { tell }) };
}

function fusedParts(
  options: Options & { trainData: Extract<FitData, { kind: "pairs" }> },
  { spec, optimizerSpec, schedule }: FitModel,
  loss: BatchLoss,
  negatives: NegativesConfig | null,
  batchSize: number,
): TrainerChoice["fused"] {
  const { pairs } = options.trainData;
  if (!spec) return "an encoder that is passed as such has no fused step";
  if (!optimizerSpec) return "rates by layer have no fused step";
  if (schedule) return "schedules have no fused step";
  if (options.clipNorm || options.chunkSize) return "clipping and chunks have no fused step";
  if (loss.readsIds || loss.weights) return "losses with weights of their own have no fused step";
  if (negatives?.type === "cache") return "negatives of type cache have no fused step";
  if (negatives && (!negatives.in_batch || negatives.add.length > 0 || negatives.log_q !== null))
    return "added negatives have no fused step";
  const { stream } = options.trainData;
  const query = ownEntry(pairs.queries.columns, spec.queryTextFeature);
  const document = ownEntry(pairs.documents.columns, spec.documentTextFeature);
  if (!stream && (query?.kind !== "text" || document?.kind !== "text"))
    return "features other than text have no fused step";
  const textOf = (column: typeof query) => column as Extract<typeof column, { kind: "text" }>;
  const lengths = stream
    ? ([stream.textLength, stream.textLength] as const)
    : ([textOf(query).length, textOf(document).length] as const);
  const mask = negatives?.mask ?? "none";
  return {
    task: pairTask(loss),
    encoderSpec: spec,
    lossSpec: losses.resolve(options.loss).options,
    optimizerSpec,
    maxBatch: batchSize,
    queryLength: lengths[0],
    documentLength: lengths[1],
    words: stream ? stream.words : (textOf(query).words ?? null),
    threads: options.threads ?? os.availableParallelism(),
    mask,
    teaching: null,
    positives: mask === "known_positives" ? positivesOf(options.trainData) : () => undefined,
    onNonFinite: "return",
  };
}

function trainerOptions(
  { clipNorm, chunkSize, scheduleBy }: Options,
  { schedule }: FitModel,
): TrainerOptions {
  return {
    ...{ clipNorm: clipNorm ?? null, chunkSize: chunkSize ?? null, onNonFinite: "return" },
    ...(schedule && { schedule }),
    ...(scheduleBy && { scheduleBy }),
  };
}

/** Everything but pairs. */
function itemTrainer(
  options: Options,
  data: Exclude<FitData, { kind: "pairs" }>,
  model: FitModel,
  random: Random,
  batchSize: number,
): { trainer: Trainer<never>; engine: string } {
  const { engine: wanted = "auto" } = options;
  if (wanted === "fused")
    throw new UserError(`fit: engine must be auto, jit or tfjs for ${data.kind} data, got ${wanted}`);
  if (options.negatives)
    throw new UserError(`fit: negatives must be left out for ${data.kind} data, got settings`);
  const task = itemTaskOf(options, data, model.encoder.outputDim, random);
  const optimizer = withLossOptimizer(options, model.optimizer);
  const why = wanted === "tfjs" ? "as configured" : `${data.kind} data have no fused step`;
  const steps = plainSteps(wanted, model.encoder, graphRequest(options, batchSize), why);
  const settings = { ...trainerOptions(options, model), ...steps.options };
  return {
    trainer: new Trainer(model.encoder, task as BatchTask<never>, optimizer, settings),
    engine: steps.engine,
  };
}

/** Negatives as configured, checked against the loss; null for those of the batch alone. */
function negativesOf(
  { negatives, loss, chunkSize }: Options,
  made: BatchLoss,
  batchSize: number,
): NegativesConfig | null {
  if (!negatives && !made.readsIds) return null;
  const parsed = negativesSection.safeParse({ type: "batch", ...negatives });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new UserError(`fit: ${["negatives", ...path].join(".")}: ${message}`);
  }
  const [broken] = checkNegatives({
    negatives: parsed.data,
    loss: { type: losses.get(overPairs(loss).kind).kind },
    update: { chunk_size: chunkSize ?? null },
    batch_size: batchSize,
    dataset: { judgements: null },
  });
  if (broken)
    throw new UserError(
      `fit: ${broken.path.join(".").replace("update.chunk_size", "chunkSize")} ${broken.message}`,
    );
  return parsed.data;
}

/** The positives of each query; of streamed pairs those that a first pass found. */
function positivesOf({ pairs, stream }: Extract<FitData, { kind: "pairs" }>): KnownPositives {
  if (stream) return stream.pairs.positives ?? (() => undefined);
  return positivesByQuery(pairs.queryOf, pairs.documentOf);
}

/** What goes beyond the loss over a batch's own pairs. */
function pairObjective(
  { trainData, loss: named }: Options & { trainData: Extract<FitData, { kind: "pairs" }> },
  section: NegativesConfig,
  loss: BatchLoss,
  encoder: Encoder,
  random: Random,
  batchSize: number,
): Objective {
  const { pairs } = trainData;
  const draws = random.fork("negatives");
  if (section.type === "batch") {
    const positives = positivesOf(trainData);
    return new SampledCandidatesObjective(loss, section, pairs, positives, encoder, draws);
  }
  const { temperature } = losses.resolve(overPairs(named)).options as { temperature?: number };
  return new NegativeCacheObjective(
    { ...section, temperature: temperature ?? 0.1, batchSize },
    pairs,
    encoder,
    draws,
  );
}

/** The loss of items, scored pairs or margins over their batches. */
function itemTaskOf(
  options: Options,
  data: Exclude<FitData, { kind: "pairs" }>,
  dim: number,
  random: Random,
): BatchTask<ItemBatch> | BatchTask<ScoredBatch> | BatchTask<MarginBatch> {
  const { loss } = options;
  const { miner = null } = options;
  if (data.kind === "scored") {
    if (scoredLossOf(loss.kind) !== "cosine_similarity")
      throw new UserError(`unknown loss "${loss.kind}" of scored pairs; known: cosine_similarity`);
    return scoredTask(cosineSimilarity());
  }
  if (data.kind === "margins") {
    if (scoredLossOf(loss.kind) !== "margin_mse")
      throw new UserError(`unknown loss "${loss.kind}" of margins; known: margin_mse`);
    if (miner) throw new UserError(`fit: margins take no miner, got "${miner.kind}"`);
    const { similarity = "dot" } = loss as { similarity?: Similarity };
    return marginTask(marginMse({ similarity }));
  }
  const parts = {
    miner,
    session: data.kind === "session",
    classes: data.kind === "class" ? 1 + Math.max(...data.labels) : 0,
    dim,
    random: random.fork("loss"),
  };
  return itemTask(createItemLoss(loss, parts), options.side ?? "document");
}

function samplerOf({ sampler = "auto", trainData, loss: { kind: named } }: Options): Sampling["sampler"] {
  const { kind: data } = trainData;
  const fitting = data === "pairs" || data === "scored" || data === "margins" ? "random" : data;
  if (sampler === "auto") return data === "class" && itemLosses.get(named).classes ? "random" : fitting;
  const allowed = [...(data === "class" ? ["balanced"] : []), fitting].filter((name) => name !== "random");
  if (sampler !== "random" && !allowed.includes(sampler))
    throw new UserError(
      `fit: sampler must be ${[...allowed, "random"].join(" or ")} for ${data} data, got ${sampler}`,
    );
  return sampler;
}

/**
 * Items of a class in a batch where nothing is said: batch size / classes as the sampler has it, but at least two where a
 * miner looks for positives, and as many as it takes for the classes to fill a batch.
 */
function itemsOfClass(
  { itemsPerClass, trainData, batchSize, loss }: Options,
  sampler: string,
): number | undefined {
  if (itemsPerClass !== undefined || trainData.kind !== "class") return itemsPerClass;
  if (sampler !== "class" && sampler !== "balanced") return undefined;
  const classes = Math.max(1, new Set(trainData.labels).size);
  let items = Math.max(itemLossCompares(loss.kind) ? 2 : 1, Math.floor(batchSize / classes));
  while (Math.floor(batchSize / items) > classes) items++;
  return items;
}

/** Items that a batch must have for the miner to find anything. */
function smallest({ trainData, loss }: Options): number {
  if (trainData.kind === "scored" || trainData.kind === "margins") return 1;
  if (trainData.kind === "pairs") return 2;
  const mines = itemLossCompares(loss.kind);
  return mines === "triplets" ? 3 : mines === "pairs" ? 2 : 1;
}

function check(options: Options, sampler: string, batchSize: number): void {
  const { trainData: data } = options;
  if (batchSize < smallest(options))
    throw new UserError(
      `fit: batchSize must be at least ${smallest(options)} for this loss and its miner, got ${batchSize}`,
    );
  if (data.kind === "class") {
    const { kind } = options.loss;
    const counts = new Map<number, number>();
    for (const label of data.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    if (counts.size < 2)
      throw new UserError(`fit: class data must have at least 2 classes, got ${counts.size}`);
    const mines = itemLossCompares(kind);
    if (mines === "triplets" && Math.max(...counts.values()) < 2)
      throw new UserError("fit: triplets need a class with 2 items, got only classes of one item");
    if (sampler === "class" || sampler === "balanced") {
      const { itemsPerClass } = options;
      if (mines === "triplets" && itemsPerClass === 1)
        throw new UserError("fit: itemsPerClass must be at least 2 for a loss of triplets, got 1");
      const problem = classSamplerProblem(data.labels, {
        batchSize,
        ...(itemsPerClass !== undefined && { itemsPerClass }),
      });
      if (problem) throw new UserError(`fit: ${problem}`);
    }
  }
  if (data.kind === "session") {
    const types = new Set(data.types);
    if (!types.has(1) || !types.has(-1))
      throw new UserError(
        `fit: session data must have positive and negative matches, got ${types.has(1) ? "no negative" : "no positive"} ones`,
      );
  }
}

function withLossOptimizer({ lossOptimizer }: Options, optimizer: Optimizer): Optimizer {
  if (!lossOptimizer) return optimizer;
  return new GroupedOptimizer([
    { accepts: (name) => !name.startsWith("loss."), optimizer, factor: 1 },
    {
      accepts: () => true,
      optimizer: createOptimizer(lossOptimizer as OptimizerSpec),
      factor: lossOptimizer.learningRate / optimizer.learningRate,
    },
  ]);
}
