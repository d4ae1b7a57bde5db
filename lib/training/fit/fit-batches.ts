import type { Random } from "../../engine/random/random.js";
import type { PairBatch } from "../../experiment/pairs.js";
import { pairBatch } from "../../experiment/pairs.js";
import { takeRows } from "../../features/batch.js";
import { balancedBatches } from "../../negatives/samplers/balanced-sampler.js";
import { classBatches, classPlan } from "../../negatives/samplers/class-sampler.js";
import { instanceBatches } from "../../negatives/samplers/instance-sampler.js";
import { sessionBatches } from "../../negatives/samplers/session-sampler.js";
import type { ItemBatch, MarginBatch, ScoredBatch } from "../objectives/batch-task.js";
import type { FitData } from "./fit-data.js";

/** A batch of any kind of data. */
export type FitBatch = PairBatch | ItemBatch | ScoredBatch | MarginBatch;

/** How the positions of a batch are drawn. */
export interface Sampling {
  sampler: "class" | "balanced" | "session" | "instance" | "random";
  batchSize: number;
  itemsPerClass?: number | undefined;
  views?: number | undefined;
}

/** Positions of every batch of an epoch. */
export function drawBatches(data: FitData, sampling: Sampling, random: Random): Int32Array[] {
  const { sampler, batchSize, itemsPerClass, views } = sampling;
  if (sampler === "class" && data.kind === "class")
    return classBatches(data.labels, {
      batchSize,
      random,
      ...(itemsPerClass !== undefined && { itemsPerClass }),
    });
  if (sampler === "balanced" && data.kind === "class") {
    const plan = classPlan(batchSize, new Set(data.labels).size, itemsPerClass);
    return balancedBatches(data.labels, {
      classes: plan.classesPerBatch,
      samples: plan.itemsPerClass,
      random,
    });
  }
  if (sampler === "session" && data.kind === "session")
    return sessionBatches(data.labels, data.types, { batchSize, random });
  if (sampler === "instance" && data.kind === "instance")
    return instanceBatches(data.items.size, { batchSize, random, ...(views !== undefined && { views }) });
  const order = random.shuffle(Int32Array.from({ length: sizeOfData(data) }, (_, i) => i));
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, b) =>
    order.slice(b * batchSize, (b + 1) * batchSize),
  );
}

/** The items, or pairs, at positions of the data. */
export function takeBatch(data: FitData, positions: Int32Array): FitBatch {
  if (data.kind === "pairs") return pairBatch(data.pairs, positions, 0, positions.length);
  if (data.kind === "scored")
    return {
      left: takeRows(data.left, positions),
      right: takeRows(data.right, positions),
      scores: Float32Array.from(positions, (at) => data.scores[at]!),
    };
  if (data.kind === "margins")
    return {
      queries: takeRows(data.queries, positions),
      positives: takeRows(data.positives, positions),
      negatives: takeRows(data.negatives, positions),
      margins: Float32Array.from(positions, (at) => data.margins[at]!),
    };
  const items = takeRows(data.items, positions);
  if (data.kind === "instance") return { items, labels: positions };
  const labels = positions.map((at) => data.labels[at]!);
  return data.kind === "session"
    ? { items, labels, types: positions.map((at) => data.types[at]!) }
    : { items, labels };
}

/** Items, or pairs, that a batch holds. */
export function sizeOfBatch(batch: FitBatch): number {
  if ("items" in batch) return batch.items.size;
  return "left" in batch ? batch.left.size : batch.queries.size;
}

/** Items, or pairs, that there are. */
export function sizeOfData(data: FitData): number {
  if (data.kind === "pairs") return data.stream?.pairs.rows ?? data.pairs.queryOf.length;
  if (data.kind === "margins") return data.margins.length;
  return data.kind === "scored" ? data.scores.length : data.items.size;
}
