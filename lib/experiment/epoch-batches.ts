import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import { configCleaning } from "./config-cleaning.js";
import type { LoadedExperiment } from "./load-experiment.js";
import { misspelledPairs, trainingTypos } from "./misspelled-pairs.js";
import { epochOrder, type PairBatch, type PairSet, pairBatch, stepsPerEpoch } from "./pairs.js";
import type { ExperimentConfig } from "./schema.js";

/** What an epoch trains on, batch by batch. */
export interface EpochBatches {
  batches: AsyncIterable<PairBatch> | Iterable<PairBatch>;
  /** Pairs to come; about that many where they are streamed. */
  items: number;
  /** Batches to come; likewise. */
  steps: number;
}

/**
 * The batches of one epoch: streamed, or from memory in a new order and misspelled anew, as the configuration says.
 *
 * @param random  of the run; what is drawn depends on its seed and the epoch's number alone
 */
export function epochBatches(
  config: ExperimentConfig,
  data: LoadedExperiment,
  epoch: number,
  random: Random,
): EpochBatches {
  const { batch_size: batchSize, pairs_per_epoch: most } = config;
  if (data.stream) {
    const { rows: items } = data.stream;
    return {
      batches: data.stream.epoch(epoch),
      items,
      steps: stepsPerEpoch(items, batchSize, config.drop_last),
    };
  }
  const pairs = epochPairs(config, data, epoch, random);
  const all = epochOrder(pairs.queryOf.length, config.shuffle ? random.fork(`order-${epoch}`) : null);
  const order = all.subarray(0, most ?? all.length);
  const steps = stepsPerEpoch(order.length, batchSize, config.drop_last);
  if (steps === 0) throw tooFewPairs(batchSize, order.length);
  return {
    batches: inOrder(pairs, order, batchSize, steps),
    items: Math.min(order.length, steps * batchSize),
    steps,
  };
}

/**
 * Finds out before training that an epoch holds no batch; where pairs are streamed only reading them tells.
 *
 * @throws UserError naming both numbers
 */
export function checkBatches(config: ExperimentConfig, { pairs, stream }: LoadedExperiment): void {
  if (stream !== null || config.num_epochs === 0) return;
  const count = Math.min(config.pairs_per_epoch ?? Number.POSITIVE_INFINITY, pairs.queryOf.length);
  if (stepsPerEpoch(count, config.batch_size, config.drop_last) === 0)
    throw tooFewPairs(config.batch_size, count);
}

/** What is said of an epoch without a whole batch. */
export function tooFewPairs(batchSize: number, pairs: number): RangeError {
  return new UserError(
    `training: an epoch must hold a batch of ${batchSize} pairs, got ${pairs} pairs (drop_last is true)`,
  );
}

/** All pairs as stored; the incomplete batch counts. */
export function inStoredOrder(pairs: PairSet, batchSize: number): Iterable<PairBatch> {
  const count = pairs.queryOf.length;
  const order = Int32Array.from({ length: count }, (_, i) => i);
  return inOrder(pairs, order, batchSize, stepsPerEpoch(count, batchSize, false));
}

function* inOrder(pairs: PairSet, order: Int32Array, batchSize: number, steps: number): Generator<PairBatch> {
  for (let s = 0; s < steps; s++)
    yield pairBatch(pairs, order, s * batchSize, Math.min(order.length, (s + 1) * batchSize));
}

/** The pairs as an epoch sees them: as read, or with queries misspelled anew. */
function epochPairs(
  config: ExperimentConfig,
  data: LoadedExperiment,
  epoch: number,
  random: Random,
): PairSet {
  const { typos } = config;
  if (!typos || epoch < typos.from_epoch) return data.pairs;
  return misspelledPairs(data.pairs, {
    features: data.features.queryFeatures,
    model: trainingTypos(typos, configCleaning(config)),
    probability: typos.probability,
    augment: typos.augment,
    inThreeParts: typos.self_teaching > 0 || typos.contrastive > 0,
    random: random.fork(`typos-${epoch}`),
  });
}
