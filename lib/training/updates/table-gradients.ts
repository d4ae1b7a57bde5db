import * as tf from "@tensorflow/tfjs";
import type { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import type { RowGradients } from "../../engine/tables/row-pooling.js";

/** Takes the recorded gradients out of all tables. */
export function drainTables(tables: Record<string, EmbeddingTable>): Record<string, RowGradients> {
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.drainGradients()]));
}

/** Records gradients in tables, beside those that wait there, by differentiating Σ rows · values. */
export function recordTables(
  tables: Record<string, EmbeddingTable>,
  gradients: Record<string, RowGradients>,
): void {
  for (const [name, { rows, values }] of Object.entries(gradients)) {
    const table = tables[name]!;
    if (rows.length === 0) continue;
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.mul(table.lookup(rows), tf.tensor2d(values, [rows.length, table.dim]))) as tf.Scalar,
      [table.anchor],
    );
    tf.dispose([value, grads as never]);
  }
}
