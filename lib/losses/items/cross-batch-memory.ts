import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError } from "../../files/user-error.js";
import { itemLossPart } from "../item-loss-part.js";
import type { LabelLoss } from "../label-loss.js";
import { angularLoss } from "./angular-loss.js";
import { type ComparedLoss, checkClasses } from "./compared-items.js";
import { itemContrastive } from "./contrastive-loss.js";
import { generalizedLiftedStructure } from "./generalized-lifted-structure.js";
import { intraPairVariance } from "./intra-pair-variance.js";
import { itemCircle } from "./item-circle.js";
import { itemMultiSimilarity } from "./item-multi-similarity.js";
import { ItemTuples } from "./item-tuples.js";
import { liftedStructure } from "./lifted-structure.js";
import { marginLoss } from "./margin-loss.js";
import { nca } from "./nca.js";
import { ntXent } from "./nt-xent.js";
import { zeroLoss } from "./reductions.js";
import { signalToNoiseContrastive } from "./signal-to-noise-contrastive.js";
import { supervisedContrastive } from "./sup-con.js";
import { itemTripletMargin } from "./triplet-margin-loss.js";
import { tupletMargin } from "./tuplet-margin.js";

/** Losses that compare a batch with remembered rows, as published, with their own defaults. */
const remembered = {
  contrastive: itemContrastive,
  triplet_margin: itemTripletMargin,
  margin: () => marginLoss().compute,
  nt_xent: ntXent,
  sup_con: supervisedContrastive,
  multi_similarity: itemMultiSimilarity,
  circle: itemCircle,
  angular: angularLoss,
  lifted_structure: liftedStructure,
  generalized_lifted_structure: generalizedLiftedStructure,
  intra_pair_variance: intraPairVariance,
  nca,
  signal_to_noise_contrastive: () => signalToNoiseContrastive({}),
  tuplet_margin: tupletMargin,
} satisfies Record<string, () => ComparedLoss>;

type Remembered = keyof typeof remembered;

/**
 * Cross-batch memory: a loss of the batch against the last `memorySize` embeddings, the batch's own included (an item is
 * no pair of itself). Remembered rows carry no gradient and lag behind the encoder.
 *
 * In validation the batch is compared with the memory, and nothing is kept of it.
 *
 * @throws RangeError for a memory smaller than the batch, when called
 * @see Wang et al. 2020, arXiv:1912.06798
 */
export function crossBatchMemory(
  loss: ComparedLoss,
  options: { dim: number; memorySize?: number },
): LabelLoss {
  const { dim, memorySize = 1024 } = options;
  const rows = new Float32Array(memorySize * dim);
  const labelOf = new Int32Array(memorySize);
  let [next, filled] = [0, 0];
  const compute: LabelLoss = (embeddings, { labels, validation = false }) => {
    const size = labels.length;
    if (size > memorySize)
      throw new UserError(
        `cross_batch_memory: memory_size must be at least the batch's ${size} items, got ${memorySize}`,
      );
    const selves = labels.map((_, i) => (validation ? -1 : (next + i) % memorySize));
    if (!validation) {
      const values = embeddings.dataSync();
      selves.forEach((at, i) => {
        rows.set(values.subarray(i * dim, (i + 1) * dim), at * dim);
        labelOf[at] = labels[i]!;
      });
      next = (next + size) % memorySize;
      filled = Math.min(memorySize, filled + size);
    }
    if (filled === 0) return zeroLoss(embeddings);
    const referenceLabels = labelOf.slice(0, filled);
    return loss({
      embeddings,
      references: tf.tensor2d(rows.slice(0, filled * dim), [filled, dim]),
      labels,
      referenceLabels,
      tuples: new ItemTuples(null, { labels, referenceLabels, selves }),
    });
  };
  const memory: LabelLoss["memory"] = {
    state: () => ({
      memory_rows: { shape: [memorySize, dim], data: rows.slice() },
      memory_labels: { shape: [memorySize], data: labelOf.slice() },
      memory_place: { shape: [2], data: Int32Array.of(next, filled) },
    }),
    restore: ({ memory_rows, memory_labels, memory_place }) => {
      rows.set(memory_rows!.data as Float32Array);
      labelOf.set(memory_labels!.data as Int32Array);
      [next, filled] = memory_place!.data as unknown as [number, number];
    },
  };
  return Object.assign(compute, { memory });
}

export const crossBatchMemoryPart = itemLossPart({
  kind: "cross_batch_memory",
  published: ["CrossBatchMemory", "CrossBatchMemoryLoss"],
  summary: "a loss against the embeddings of the last batches (arXiv:1912.06798)",
  settings: {
    loss: z
      .enum(Object.keys(remembered) as [Remembered, ...Remembered[]])
      .default("contrastive")
      .describe("what compares the batch with the memory, with its defaults"),
    memory_size: z.int().min(1).default(1024).describe("embeddings that are kept"),
  },
  mines: null,
  make: ({ loss, memorySize }, parts) => {
    checkClasses("cross_batch_memory", parts);
    return crossBatchMemory(remembered[loss](), { dim: parts.dim, memorySize });
  },
});
