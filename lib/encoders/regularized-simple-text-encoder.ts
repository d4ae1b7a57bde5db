import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Random } from "../engine/random/random.js";
import { UserError } from "../files/user-error.js";
import type { EncoderSpec } from "./encoder.js";
import { encoderPart } from "./encoder-part.js";
import { sharedTextEncoder, simpleKeys } from "./simple-text-encoder.js";
import type { TowerEncoder } from "./tower-encoder.js";

/**
 * SimpleTextEncoder with inverted dropout on the mean embedding while `training` is true: each component is zeroed
 * with probability `dropout` (default 0.5), the others scaled by 1/(1 − dropout). Masks come from a fork of
 * `random`, so equal seeds give equal masks.
 *
 * @throws RangeError unless 0 ≤ dropout < 1
 */
function regularizedSimpleTextEncoder(spec: EncoderSpec, random: Random): TowerEncoder {
  const rate = spec.dropout ?? 0.5;
  if (!(rate >= 0 && rate < 1))
    throw new UserError(`RegularizedSimpleTextEncoder: dropout must be in [0, 1), got ${rate}`);
  const generator = { current: random.fork("dropout") };
  const dropout = (pooled: tf.Tensor2D): tf.Tensor2D => {
    const mask = new Float32Array(pooled.size);
    for (let i = 0; i < mask.length; i++) mask[i] = generator.current.next() < rate ? 0 : 1 / (1 - rate);
    return tf.mul(pooled, tf.tensor2d(mask, pooled.shape)) as tf.Tensor2D;
  };
  return sharedTextEncoder(spec, random, dropout, generator);
}

export const regularizedSimpleTextEncoderPart = encoderPart({
  kind: "RegularizedSimpleTextEncoder",
  summary: "SimpleTextEncoder with dropout on the mean embedding",
  settings: {
    ...simpleKeys,
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0.5)
      .describe("share of the pooled embedding zeroed in training"),
  },
  optionsOf: ({ fc_dim, dropout }) => ({ fcDim: fc_dim, dropout }),
  make: regularizedSimpleTextEncoder,
});
