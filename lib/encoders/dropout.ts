import * as tf from "@tensorflow/tfjs";

/** What dropout draws from; the engine's Random is one. */
export interface DropoutDraws {
  next(): number;
}

/** Zeroes each entry with probability `rate` and divides the rest by 1 − rate; x itself if rate is 0 or draws is null. */
export function dropout<T extends tf.Tensor>(x: T, rate: number, draws: DropoutDraws | null): T {
  if (rate === 0 || draws === null) return x;
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(x.size);
  for (let i = 0; i < mask.length; i++) mask[i] = draws.next() < rate ? 0 : kept;
  return tf.mul(x, tf.tensor(mask, x.shape)) as T;
}
