import { z } from "zod";
import { optimizerPart, weightDecaySetting } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

export interface RmsPropOptions {
  alpha: number;
  epsilon: number;
  momentum: number;
  centered: boolean;
  weightDecay: number;
}

/**
 * RMSprop as in PyTorch: v ← αv + (1 − α)g², p ← p − lr·g/(√v + ε); centred, v less the square of the mean gradient; with
 * momentum μ, b ← μb + g/(√v + ε) and p ← p − lr·b; g with w·p added.
 *
 * @see Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5; centred: Graves 2013, arXiv:1308.0850
 */
export function rmsPropRule(options: RmsPropOptions): SpanRule {
  const { alpha, epsilon, momentum, centered, weightDecay } = options;
  return {
    kind: "rmsprop",
    slots: ["v", "mean", "momentum"],
    update({ values, gradient, state }, _step, learningRate) {
      const [v, mean, buffer] = state as [Float32Array, Float32Array, Float32Array];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! + weightDecay * values[i]!;
        v[i] = alpha * v[i]! + (1 - alpha) * g * g;
        if (centered) mean[i]! += (1 - alpha) * (g - mean[i]!);
        const spread = Math.max(0, v[i]! - (centered ? mean[i]! ** 2 : 0));
        buffer[i] = momentum * buffer[i]! + g / (Math.sqrt(spread) + epsilon);
        values[i]! -= learningRate * buffer[i]!;
      }
    },
  };
}

export const rmsPropPart = optimizerPart({
  kind: "rmsprop",
  published: ["RMSprop"],
  summary: "steps divided by a running root mean square of gradients; idle rows stay",
  settings: {
    alpha: z.number().min(0).lt(1).default(0.99).describe("α, decay of the mean square"),
    epsilon: z.number().positive().default(1e-8).describe("added to the root"),
    momentum: z.number().min(0).lt(1).default(0).describe("μ of the steps"),
    centered: z.boolean().default(false).describe("divide by the standard deviation of gradients instead"),
    weight_decay: weightDecaySetting(0).describe("w, added to the gradient times the parameter"),
  },
  make: (options, learningRate) => new SpanOptimizer(rmsPropRule(options), learningRate),
});
