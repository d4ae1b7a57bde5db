import { z } from "zod";
import type { CustomSection, PartSpec, SectionOf, Settings } from "../config/part.js";
import { PartRegistry } from "../config/part-registry.js";
import { Random } from "../engine/random/random.js";
import { batchSoftmaxPart } from "./batch-softmax.js";
import { batchTripletPart } from "./batch-triplet.js";
import { itemLosses } from "./create-item-loss.js";
import { pairVicRegPart } from "./items/vicreg.js";
import { labelledPart } from "./labelled-pair-loss.js";
import type { BatchLoss } from "./loss.js";
import type { AnyLossPart, DocumentSizes } from "./loss-part.js";
import { matryoshkaPart } from "./matryoshka.js";
import { contrastivePart, tripletMarginPart } from "./pair-distance-losses.js";
import { approximateNdcgPart } from "./scores/approximate-ndcg.js";
import { circlePart } from "./scores/circle.js";
import { listNetPart } from "./scores/list-net.js";
import { multiSimilarityPart } from "./scores/multi-similarity.js";
import { pairwiseHingePart, pairwiseLogisticPart } from "./scores/pairwise.js";
import { pointwiseBcePart } from "./scores/pointwise-bce.js";
import { softmaxScoresPart } from "./scores/softmax.js";
import { symmetricSoftmaxPart } from "./symmetric-softmax.js";

/** Losses of pairs that come with the workspace. A new one is a line here. */
const builtIn = [
  batchSoftmaxPart,
  batchTripletPart,
  matryoshkaPart,
  symmetricSoftmaxPart,
  softmaxScoresPart,
  pairwiseLogisticPart,
  pairwiseHingePart,
  pointwiseBcePart,
  listNetPart,
  approximateNdcgPart,
  multiSimilarityPart,
  circlePart,
  tripletMarginPart,
  contrastivePart,
  pairVicRegPart,
  labelledPart,
] as const;

const common = {
  batch_size: z
    .int()
    .min(1)
    .optional()
    .describe("if given, must equal the top-level batch_size (published configs repeat it here)"),
};

/** Section `loss` of a configuration. */
export type LossConfig =
  | SectionOf<(typeof builtIn)[number], typeof common>
  | (CustomSection & { batch_size?: number | undefined });

/** Losses of pairs, by kind. */
export const losses = new PartRegistry<AnyLossPart, LossConfig>("loss", builtIn, common);

/**
 * Makes a loss available under `kind`, in code and as `loss: {type: kind, …}` in YAML; replaces one of the same name.
 *
 * @param settings  its keys as YAML spells them, with defaults; without, options are handed over unchecked
 */
export function registerLoss<Options>(
  kind: string,
  make: (options: Options, random: Random) => BatchLoss,
  settings: Settings | null = null,
): void {
  losses.register({ kind, summary: "registered", settings, make });
}

/** Kinds that {@link createLoss} knows. */
export function lossKinds(): string[] {
  return losses.kinds();
}

/**
 * Builds the loss named by `spec.kind`; the other keys are its options, e.g. {kind: "batch_softmax", temperature: 0.1}.
 * Options left out have the defaults that configurations have.
 *
 * @param spec    a loss that only labelled items have, e.g. {kind: "nt_xent"} or {kind: "ProxyAnchorLoss"}, is taken over
 *   queries and documents as items, as a loss of type labelled
 * @param random  for losses that draw, e.g. by their miner
 * @param sizes   for losses that train a vector for each document
 * @throws RangeError for an unknown kind or option, listing the known ones, and for options out of range
 */
export function createLoss(
  spec: { kind: string } | PartSpec,
  random: Random = new Random(0),
  sizes: DocumentSizes = { documents: 0, dim: 0 },
): BatchLoss {
  const { part, options } = losses.resolve(overPairs(spec));
  return part.make(options as never, random, sizes);
}

/** A loss that only items know as a labelled loss of pairs, any other as it is. */
export function overPairs(spec: { kind: string } | PartSpec): PartSpec {
  const { kind, ...options } = spec as PartSpec;
  if (losses.kinds().includes(losses.kindOf(kind))) return spec as PartSpec;
  const name = itemLosses.kindOf(kind);
  return itemLosses.kinds().includes(name) ? { kind: "labelled", name, options } : (spec as PartSpec);
}
