import type { Encoder } from "../encoders/encoder.js";

/** Multiply-adds of dense layers, one row through each weight, from which on a step by graphs is the faster one. */
const LEAST_WORK = 2 ** 25;

/**
 * Whether steps by graphs are faster than steps op by op, as measured (bench/README.md): where the time goes into large
 * products, that is with convolutions, attention and patches, and with layers as wide, or batches as large, as make a step
 * 33 million multiply-adds. A rule by shapes alone, so that a configuration trains by one engine everywhere.
 */
export function graphsPay(encoder: Encoder, batchSize: number): boolean {
  const weights = Object.entries(encoder.weights);
  if (weights.some(([name, { rank }]) => rank === 4 || /attention|\.mix\./.test(name))) return true;
  const work = weights.reduce((sum, [, weight]) => (weight.rank === 2 ? sum + weight.size : sum), 0);
  return work * batchSize >= LEAST_WORK;
}
