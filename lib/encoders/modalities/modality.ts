import type * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import type { FeatureColumn } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";

/** Embeds the column of one feature. */
export interface Modality {
  readonly outputDim: number;
  /** [B, outputDim]; rows that {@link missingOf} marks may hold anything finite */
  embed(column: FeatureColumn, context: ModalityContext): tf.Tensor2D;
}

export interface ModalityContext {
  /** B */
  size: number;
  training: boolean;
  /** what augmentation and dropout draw from */
  random: Random;
}

/** Which rows lack the feature: marked ones, empty texts and lists, pictures without regions. */
export function missingOf(column: FeatureColumn, size: number): Uint8Array | null {
  if (column.kind === "text" || column.kind === "categories") {
    const { ids, length } = column;
    const missing = new Uint8Array(size);
    for (let row = 0; row < size; row++)
      missing[row] = ids.subarray(row * length, (row + 1) * length).every((id) => id === 0) ? 1 : 0;
    return missing;
  }
  if (column.kind === "regions") return Uint8Array.from(column.counts, (count) => (count === 0 ? 1 : 0));
  return "missing" in column ? (column.missing ?? null) : null;
}

/** The column, if it is of the kind a modality reads. */
export function expectKind<K extends FeatureColumn["kind"]>(
  column: FeatureColumn,
  kind: K,
): Extract<FeatureColumn, { kind: K }> {
  if (column.kind !== kind) throw new UserError(`modality: column must be ${kind}, got ${column.kind}`);
  return column as Extract<FeatureColumn, { kind: K }>;
}
