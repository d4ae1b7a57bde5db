import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Options of generalised-mean pooling. */
export interface GemOptions {
  /** exponent: 1 = mean, towards infinity = maximum */
  p: number;
  /** values below are raised to it */
  eps: number;
}

export const gemDefaults: GemOptions = { p: 3, eps: 1e-6 };

/** Key `pooling_options` beside a `pooling` that may be gem. */
export const gemSetting = z
  .strictObject({
    p: z.number().min(1).max(64).default(gemDefaults.p).describe("exponent; 1 = mean, large = maximum"),
    eps: z.number().positive().default(gemDefaults.eps).describe("values below are raised to it"),
  })
  .optional()
  .describe("of pooling gem");

/** What a section with `pooling_options` but another pooling than gem, which reads none, is told; none if it fits. */
export function gemIssues(
  section: { pooling?: string | undefined; pooling_options?: unknown },
  path: readonly (string | number)[],
): { path: (string | number)[]; message: string }[] {
  const { pooling = "mean", pooling_options } = section;
  if (pooling_options === undefined || pooling === "gem") return [];
  return [
    {
      path: [...path, "pooling_options"],
      message: `must be left out unless pooling is gem, which alone reads it, got pooling "${pooling}"`,
    },
  ];
}

/**
 * (mean of max(x, eps)^p)^(1/p) over the positions of each channel.
 *
 * @param x [B, positions, D] → [B, D]
 * @see Radenović et al. 2018, arXiv:1711.02512
 */
export function gemOfPositions(x: tf.Tensor3D, { p, eps }: GemOptions = gemDefaults): tf.Tensor2D {
  return tf.pow(tf.mean(tf.pow(tf.maximum(x, eps), p), 1), 1 / p) as tf.Tensor2D;
}
