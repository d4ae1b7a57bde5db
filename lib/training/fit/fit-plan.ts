import * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import type { Random } from "../../engine/random/random.js";
import { checkNegatives } from "../../experiment/negatives-checks.js";
import { negativesSection } from "../../experiment/sections/negatives.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { positivesByQuery } from "../../losses/candidate-mask.js";
import { createItemLoss, itemLossMines } from "../../losses/create-item-loss.js";
import { createLoss } from "../../losses/create-loss.js";
import type { BatchLoss } from "../../losses/loss.js";
import type { Similarity } from "../../losses/scored-batch-loss.js";
import { cosineSimilarity, marginMse } from "../../losses/scored-losses.js";
import { classBatches, classSamplerProblem } from "../../negatives/samplers/class-sampler.js";
import { instanceBatches } from "../../negatives/samplers/instance-sampler.js";
import { sessionBatches } from "../../negatives/samplers/session-sampler.js";
import { createOptimizer } from "../../optimizers/create-optimizer.js";
import { GroupedOptimizer } from "../../optimizers/grouped-optimizer.js";
import type { Optimizer } from "../../optimizers/optimizer.js";
import { NegativeCacheObjective } from "../objectives/negative-cache-objective.js";
import type { Objective } from "../objectives/objective.js";
import { SampledCandidatesObjective } from "../objectives/sampled-candidates-objective.js";
import type { FitData } from "./fit-data.js";
import type { FitOptions } from "./fit-options.js";
import { type BatchTask, itemTask, marginTask, pairTask, scoredTask } from "./learner.js";

/** A fit with everything resolved. */
export interface FitPlan {
  task: BatchTask;
  optimizer: Optimizer;
  /** batches of an epoch, positions into the data */
  batches(epoch: number): Int32Array[];
  evaluation: { task: BatchTask; batches: Int32Array[] } | null;
  /** monitors of negatives since the last call, by name */
  measurements(): Record<string, number>;
  /** weights of the loss itself */
  state(): Record<string, StoredTensor>;
  restore(state: Record<string, StoredTensor>): void;
}

type Options = Pick<
  FitOptions,
  | "loss"
  | "miner"
  | "sampler"
  | "itemsPerClass"
  | "views"
  | "batchSize"
  | "side"
  | "negatives"
  | "lossOptimizer"
  | "chunkSize"
> & { trainData: FitData; evalData?: FitData };

/** Joins data, loss, miner and sampler, and refuses what can be known to fail. */
export function planFit(options: Options, encoder: Encoder, random: Random, optimizer: Optimizer): FitPlan {
  const { trainData, evalData, batchSize = 256 } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new UserError(`fit: batchSize must be a positive integer, got ${batchSize}`);
  if (evalData && evalData.kind !== trainData.kind)
    throw new UserError(
      `fit: evalData must be of kind ${trainData.kind} like trainData, got ${evalData.kind}`,
    );
  const sampler = samplerOf(options);
  check(options, sampler, batchSize);
  let objective: Objective | null = null;
  const make = taskMaker(options, encoder, random, (loss) => {
    objective = pairObjective(options, encoder, random, loss);
    return objective;
  });
  const task = make(trainData);
  const draw = (data: FitData, from: Random) =>
    batchesOf(data, sampler, batchSize, options, from).filter((batch) => batch.length >= smallest(options));
  const weights = task.weights ?? {};
  const remembered = objective as Objective | null;
  return {
    task,
    optimizer: withLossOptimizer(options, optimizer),
    batches: (epoch) => {
      remembered?.beginEpoch(epoch);
      return draw(trainData, random.fork(`batches-${epoch}`));
    },
    measurements: () => remembered?.measurements() ?? {},
    evaluation: evalData
      ? { task: make(evalData), batches: draw(evalData, random.fork("validation")) }
      : null,
    state: () =>
      remembered?.state() ??
      Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => [
          name,
          { shape: weight.shape, data: (weight.dataSync() as Float32Array).slice() },
        ]),
      ),
    restore: (state) => {
      if (remembered) return remembered.restore(state);
      for (const [name, weight] of Object.entries(weights))
        tf.tidy(() => weight.assign(tf.tensor(state[name]!.data, weight.shape)));
    },
  };
}

/** Negatives beyond the batch, as configured. */
function pairObjective(
  { negatives, trainData, loss: named, batchSize = 256, chunkSize }: Options,
  encoder: Encoder,
  random: Random,
  loss: BatchLoss,
): Objective | null {
  if (trainData.kind !== "pairs" || (!negatives && !loss.readsIds)) return null;
  const parsed = negativesSection.safeParse({ type: "batch", ...negatives });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new UserError(`fit: ${["negatives", ...path].join(".")}: ${message}`);
  }
  const section = parsed.data;
  const kind = typeof named === "string" ? named : named.kind;
  const rules = {
    negatives: section,
    loss: { type: kind },
    update: { chunk_size: chunkSize ?? null },
    batch_size: batchSize,
  };
  const [broken] = checkNegatives(rules);
  if (broken)
    throw new UserError(
      `fit: ${broken.path.join(".").replace("update.chunk_size", "chunkSize")} ${broken.message}`,
    );
  const { pairs } = trainData;
  const draws = random.fork("negatives");
  if (section.type === "batch") {
    const positives = positivesByQuery(pairs.queryOf, pairs.documentOf);
    return new SampledCandidatesObjective(loss, section, pairs, positives, encoder, draws);
  }
  const temperature = (typeof named === "object" && (named["temperature"] as number | undefined)) || 0.1;
  return new NegativeCacheObjective({ ...section, temperature, batchSize }, pairs, encoder, draws);
}

/** One loss object for training and evaluation data, so that its own weights are shared. */
function taskMaker(
  options: Options,
  encoder: Encoder,
  random: Random,
  objective: (loss: BatchLoss) => Objective | null,
): (data: FitData) => BatchTask {
  const loss = typeof options.loss === "string" ? { kind: options.loss } : options.loss;
  const { trainData, side = "document" } = options;
  const miner = typeof options.miner === "string" ? { kind: options.miner } : (options.miner ?? null);
  if (options.negatives && trainData.kind !== "pairs")
    throw new UserError(`fit: negatives must be left out for ${trainData.kind} data, got settings`);
  if (trainData.kind === "pairs") {
    if (miner) throw new UserError(`fit: pairs take no miner, got "${miner.kind}"`);
    const made = createLoss(loss);
    return (data) =>
      pairTask(encoder, (data as typeof trainData).pairs, made, data === trainData ? objective(made) : null);
  }
  if (trainData.kind === "scored") {
    if (loss.kind !== "cosine_similarity")
      throw new UserError(`unknown loss "${loss.kind}" of scored pairs; known: cosine_similarity`);
    const made = cosineSimilarity();
    return (data) => scoredTask(encoder, data as typeof trainData, made);
  }
  if (trainData.kind === "margins") {
    if (loss.kind !== "margin_mse")
      throw new UserError(`unknown loss "${loss.kind}" of margins; known: margin_mse`);
    if (miner) throw new UserError(`fit: margins take no miner, got "${miner.kind}"`);
    const { similarity = "dot" } = loss as { similarity?: Similarity };
    const made = marginMse({ similarity });
    return (data) => marginTask(encoder, data as typeof trainData, made);
  }
  const made = createItemLoss(loss, {
    miner,
    session: trainData.kind === "session",
    classes: trainData.kind === "class" ? 1 + Math.max(...trainData.labels) : 0,
    dim: encoder.outputDim,
    random: random.fork("loss"),
  });
  return (data) => itemTask(encoder, data as typeof trainData, made, side);
}

function samplerOf({
  sampler = "auto",
  trainData,
  loss,
}: Options): "class" | "session" | "instance" | "random" {
  const kind = typeof loss === "string" ? loss : loss.kind;
  const { kind: data } = trainData;
  const fitting = data === "pairs" || data === "scored" || data === "margins" ? "random" : data;
  if (sampler === "auto") return ["arc_face", "cos_face"].includes(kind) ? "random" : fitting;
  if (sampler !== "random" && sampler !== fitting)
    throw new UserError(
      `fit: sampler must be ${fitting} or random for ${trainData.kind} data, got ${sampler}`,
    );
  return sampler;
}

/** Items that a batch must have for the miner to find anything. */
function smallest({ trainData, loss }: Options): number {
  if (trainData.kind === "scored" || trainData.kind === "margins") return 1;
  if (trainData.kind === "pairs") return 2;
  const mines = itemLossMines(typeof loss === "string" ? loss : loss.kind);
  return mines === "triplets" ? 3 : mines === "pairs" ? 2 : 1;
}

function check(options: Options, sampler: string, batchSize: number): void {
  const { trainData: data, chunkSize } = options;
  if (chunkSize !== undefined && !(Number.isInteger(chunkSize) && chunkSize >= 1))
    throw new UserError(`fit: chunkSize must be a positive integer, got ${chunkSize}`);
  if (chunkSize !== undefined && data.kind !== "pairs" && data.kind !== "scored")
    throw new UserError(
      `fit: chunkSize must be left out for ${data.kind} data, which are embedded as one batch, got ${chunkSize}`,
    );
  if (batchSize < smallest(options))
    throw new UserError(
      `fit: batchSize must be at least ${smallest(options)} for this loss and its miner, got ${batchSize}`,
    );
  if (data.kind === "class") {
    const kind = typeof options.loss === "string" ? options.loss : options.loss.kind;
    const counts = new Map<number, number>();
    for (const label of data.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    if (counts.size < 2)
      throw new UserError(`fit: class data must have at least 2 classes, got ${counts.size}`);
    const mines = itemLossMines(kind);
    if (mines === "triplets" && Math.max(...counts.values()) < 2)
      throw new UserError("fit: triplets need a class with 2 items, got only classes of one item");
    if (sampler === "class") {
      const { itemsPerClass } = options;
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

function batchesOf(
  data: FitData,
  sampler: string,
  batchSize: number,
  { itemsPerClass, views }: Options,
  random: Random,
): Int32Array[] {
  if (sampler === "class" && data.kind === "class")
    return classBatches(data.labels, {
      batchSize,
      random,
      ...(itemsPerClass !== undefined && { itemsPerClass }),
    });
  if (sampler === "session" && data.kind === "session")
    return sessionBatches(data.labels, data.types, { batchSize, random });
  if (sampler === "instance" && data.kind === "instance")
    return instanceBatches(data.items.size, { batchSize, random, ...(views !== undefined && { views }) });
  const order = random.shuffle(Int32Array.from({ length: sizeOf(data) }, (_, i) => i));
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, b) =>
    order.slice(b * batchSize, (b + 1) * batchSize),
  );
}

function sizeOf(data: FitData): number {
  if (data.kind === "pairs") return data.pairs.queryOf.length;
  if (data.kind === "margins") return data.margins.length;
  return data.kind === "scored" ? data.scores.length : data.items.size;
}

function withLossOptimizer({ lossOptimizer }: Options, optimizer: Optimizer): Optimizer {
  if (!lossOptimizer) return optimizer;
  return new GroupedOptimizer([
    { accepts: (name) => !name.startsWith("loss."), optimizer, factor: 1 },
    {
      accepts: () => true,
      optimizer: createOptimizer(lossOptimizer),
      factor: lossOptimizer.learningRate / optimizer.learningRate,
    },
  ]);
}
