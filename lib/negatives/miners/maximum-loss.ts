import { z } from "zod";
import type { Random } from "../../engine/random/random.js";
import { UserError } from "../../files/user-error.js";
import { minerPart } from "./miner-part.js";
import { markedPairs, pairsByLabel } from "./pair-lists.js";
import { type Miner, type Pairs, packPairs } from "./tuples.js";

/**
 * All pairs of the subset of the batch that costs most, out of some drawn at random: the loss itself is asked, over all
 * tuples of each subset.
 *
 * @param options.subset  share of the batch's items in a subset, default ½ (at least 2 items)
 * @param options.trials  subsets that are drawn
 * @see pytorch-metric-learning's MaximumLossMiner (up to 1.0), whose subset has a fixed size
 */
export function maximumLoss(options: { subset?: number; trials?: number }, random: Random): Miner<Pairs> {
  const { subset = 0.5, trials = 5 } = options;
  const mine: Miner<Pairs> = (_distances, { labels, lossOf }) => {
    if (!lossOf)
      throw new UserError(
        "maximumLoss: the loss must be one that can be asked, got none; siamese and triplet cannot",
      );
    const size = Math.min(labels.length, Math.max(2, Math.round(subset * labels.length)));
    let kept = new Int32Array(0);
    let most = Number.NEGATIVE_INFINITY;
    for (let trial = 0; trial < trials; trial++) {
      const order = Int32Array.from(labels.keys());
      random.shuffle(order);
      const drawn = order.slice(0, size).sort();
      const loss = lossOf(drawn);
      if (loss > most) [kept, most] = [drawn, loss];
    }
    const own = Int32Array.from(kept, (i) => labels[i]!);
    const { positive, negative } = pairsByLabel(own);
    const placed = (pairs: [number, number][]) =>
      pairs.map(([i, j]): [number, number] => [kept[i]!, kept[j]!]);
    return packPairs(markedPairs(placed(positive), placed(negative)));
  };
  return Object.assign(mine, { readsDistances: false, readsLosses: true });
}

export const maximumLossPart = minerPart({
  kind: "maximum_loss",
  published: ["MaximumLossMiner"],
  publishedOptions: { num_trials: "trials" },
  summary: "the costliest of some random subsets of the batch",
  settings: {
    subset: z.number().gt(0).max(1).default(0.5).describe("share of the batch's items in a subset"),
    trials: z.int().min(1).default(5).describe("subsets that are drawn"),
  },
  tuples: "pairs",
  make: maximumLoss,
});
