import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { optimizerPart } from "../optimizer-part.js";
import { SpanOptimizer, type SpanRule } from "../span-optimizer.js";

export interface RpropOptions {
  etaMinus: number;
  etaPlus: number;
  smallest: number;
  largest: number;
}

/**
 * Rprop as in PyTorch: each parameter's step grows by η₊ while its gradient keeps its sign and shrinks by η₋ where that
 * changes (and the gradient counts as 0 once); only signs of gradients are used. The learning rate is the first step.
 *
 * @throws RangeError unless η₋ < 1 < η₊ and smallest ≤ largest
 * @see Riedmiller & Braun 1993, doi:10.1109/ICNN.1993.298623; for whole data sets rather than batches
 */
export function rpropRule(options: RpropOptions): SpanRule {
  const { etaMinus, etaPlus, smallest, largest } = options;
  if (!(etaMinus > 0 && etaMinus < 1 && etaPlus > 1 && smallest <= largest))
    throw new UserError(
      `rprop: etaMinus must be in (0, 1), etaPlus above 1 and smallest at most largest, got ${etaMinus}, ${etaPlus}, ${smallest} and ${largest}`,
    );
  return {
    kind: "rprop",
    slots: ["previous", "size"],
    update({ values, gradient, state }, _step, learningRate) {
      const [previous, size] = state as [Float32Array, Float32Array];
      for (let i = 0; i < values.length; i++) {
        const agreement = gradient[i]! * previous[i]!;
        const factor = agreement > 0 ? etaPlus : agreement < 0 ? etaMinus : 1;
        const before = size[i] === 0 ? learningRate : size[i]!;
        size[i] = Math.min(largest, Math.max(smallest, before * factor));
        const g = agreement < 0 ? 0 : gradient[i]!;
        values[i]! -= Math.sign(g) * size[i]!;
        previous[i] = g;
      }
    },
  };
}

export const rpropPart = optimizerPart({
  kind: "rprop",
  published: ["Rprop"],
  summary: "steps by the sign of gradients, each parameter with its own size; idle rows stay",
  settings: {
    eta_minus: z.number().gt(0).lt(1).default(0.5).describe("η₋, where the sign changes"),
    eta_plus: z.number().gt(1).default(1.2).describe("η₊, where it stays"),
    smallest: z.number().positive().default(1e-6).describe("least step"),
    largest: z.number().positive().default(50).describe("greatest step"),
  },
  make: (options, learningRate) => new SpanOptimizer(rpropRule(options), learningRate),
});
