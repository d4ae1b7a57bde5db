import * as tf from "@tensorflow/tfjs";
import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import { drainTables, recordTables } from "./table-gradients.js";

/**
 * Scales all gradients down to a common length of at most `limit`: g · min(1, limit / ‖g‖), the norm over dense weights and
 * touched rows together (rows not touched have gradient 0).
 *
 * @param dense gradients by name; replaced by scaled ones, the old ones disposed of
 * @returns the norm before
 */
export function clipGradients(
  dense: Record<string, tf.Tensor>,
  tables: Record<string, EmbeddingTable>,
  limit: number,
): number {
  let square = 0;
  const rows = drainTables(tables);
  for (const gradient of Object.values(dense)) for (const x of gradient.dataSync()) square += x * x;
  for (const { values } of Object.values(rows)) for (const x of values) square += x * x;
  const norm = Math.sqrt(square);
  const factor = norm > limit ? limit / norm : 1;
  if (factor !== 1) {
    for (const [name, gradient] of Object.entries(dense)) {
      dense[name] = tf.mul(gradient, factor);
      gradient.dispose();
    }
    for (const { values } of Object.values(rows))
      for (let i = 0; i < values.length; i++) values[i]! *= factor;
  }
  recordTables(tables, rows);
  return norm;
}
