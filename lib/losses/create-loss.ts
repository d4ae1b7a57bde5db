import { UserError } from "../files/user-error.js";
import { batchSoftmax } from "./batch-softmax.js";
import { batchTriplet } from "./batch-triplet.js";
import type { BatchLoss } from "./loss.js";
import { contrastive, tripletMargin } from "./pair-distance-losses.js";
import { type Similarity, scoredBatchLoss } from "./scored-batch-loss.js";
import { approximateNdcg } from "./scores/approximate-ndcg.js";
import { circle } from "./scores/circle.js";
import { listNet } from "./scores/list-net.js";
import { multiSimilarity } from "./scores/multi-similarity.js";
import { pairwiseHinge, pairwiseLogistic } from "./scores/pairwise.js";
import { pointwiseBce } from "./scores/pointwise-bce.js";
import type { ScoreLoss } from "./scores/score-loss.js";
import { softmaxScores } from "./scores/softmax.js";
import { symmetricSoftmax } from "./symmetric-softmax.js";

export type LossFactory = (spec: never) => BatchLoss;

type WithTemperature = { temperature: number; similarity?: Similarity };

/** A factory for a loss of scores that has a temperature. */
function tempered(kind: string, make: (temperature: number) => ScoreLoss): [string, LossFactory] {
  return [
    kind,
    ({ temperature, similarity = "cosine" }: WithTemperature) =>
      scoredBatchLoss(kind, make(temperature), { similarity, logQScale: temperature }),
  ];
}

const factories = new Map<string, LossFactory>([
  ["batch_softmax", batchSoftmax],
  ["triplet", batchTriplet],
  ["symmetric_softmax", symmetricSoftmax],
  ["triplet_margin", tripletMargin],
  ["contrastive", contrastive],
  tempered("softmax", softmaxScores),
  tempered("pairwise_logistic", pairwiseLogistic),
  tempered("list_net", listNet),
  tempered("approximate_ndcg", approximateNdcg),
  [
    "pairwise_hinge",
    ({ margin, ...rest }: { margin: number; similarity?: Similarity }) =>
      scoredBatchLoss("pairwise_hinge", pairwiseHinge(margin), rest),
  ],
  [
    "pointwise_bce",
    ({ temperature, bias, ...rest }: WithTemperature & { bias?: number }) =>
      scoredBatchLoss("pointwise_bce", pointwiseBce(temperature, bias), { ...rest, logQScale: temperature }),
  ],
  [
    "multi_similarity",
    (spec: { alpha?: number; beta?: number; base?: number }) =>
      scoredBatchLoss("multi_similarity", multiSimilarity(spec)),
  ],
  ["circle", (spec: { margin?: number; gamma?: number }) => scoredBatchLoss("circle", circle(spec))],
]);

/** Options that a kind falls back on: those of configurations. */
const defaults: Record<string, object> = {
  batch_softmax: { temperature: 0.1 },
  triplet: { margin: 0.3, numNegatives: 63 },
  symmetric_softmax: { temperature: 0.1 },
  softmax: { temperature: 0.1 },
  pairwise_logistic: { temperature: 0.1 },
  pairwise_hinge: { margin: 0.3 },
  pointwise_bce: { temperature: 0.1, bias: 0 },
  list_net: { temperature: 0.1 },
  approximate_ndcg: { temperature: 0.1 },
  triplet_margin: { margin: 0.3 },
  contrastive: { margin: 1 },
};

/** Makes a loss available to {@link createLoss} under `kind`; replaces one of the same name. */
export function registerLoss<S>(kind: string, factory: (spec: S) => BatchLoss): void {
  delete defaults[kind];
  factories.set(kind, factory as LossFactory);
}

/** Kinds that {@link createLoss} knows. */
export function lossKinds(): string[] {
  return [...factories.keys()];
}

/**
 * Builds the loss named by `spec.kind`; the other keys are its options, e.g. {kind: "batch_softmax", temperature: 0.1}.
 *
 * @throws RangeError for an unknown kind, listing the known ones
 */
export function createLoss(spec: { kind: string }): BatchLoss {
  const factory = factories.get(spec.kind);
  if (!factory) throw new UserError(`unknown loss "${spec.kind}"; known: ${lossKinds().join(", ")}`);
  return factory({ ...defaults[spec.kind], ...spec } as never);
}
