import { batchSoftmax } from "./batch-softmax.js";
import { batchTriplet } from "./batch-triplet.js";
import type { BatchLoss } from "./loss.js";

export type LossFactory = (spec: never) => BatchLoss;

const factories = new Map<string, LossFactory>([
  ["batch_softmax", batchSoftmax],
  ["triplet", batchTriplet],
]);

/** Makes a loss available to {@link createLoss} under `kind`; replaces one of the same name. */
export function registerLoss<S>(kind: string, factory: (spec: S) => BatchLoss): void {
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
  if (!factory) throw new RangeError(`unknown loss "${spec.kind}"; known: ${lossKinds().join(", ")}`);
  return factory(spec as never);
}
