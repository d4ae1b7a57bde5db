import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";

/** Inverted dropout whose masks come from one seeded generator, so equal states give equal masks. */
export class Dropout {
  active = false;

  constructor(public generator: Random) {}

  /** Each component zeroed with probability `rate`, the others scaled by 1/(1 − rate); unchanged while not active. */
  apply<T extends tf.Tensor>(x: T, rate: number): T {
    if (!this.active || rate === 0) return x;
    const keep = 1 / (1 - rate);
    const limit = rate * 2 ** 32;
    const mask = new Float32Array(x.size);
    const { generator } = this;
    for (let i = 0; i < mask.length; i++) if (generator.uint32() >= limit) mask[i] = keep;
    return tf.mul(x, tf.tensor(mask, x.shape)) as T;
  }
}
