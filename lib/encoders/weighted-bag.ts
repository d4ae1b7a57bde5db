import * as tf from "@tensorflow/tfjs";
import type { EmbeddingTable } from "../engine/tables/embedding-table.js";
import { tensorBag } from "../engine/tables/tensor-bag.js";
import { UserError } from "../files/user-error.js";

/**
 * Weighted mean of table rows: out_b = Σⱼ w(id_bj) · row(id_bj) / (number of ids of bag b); the zero vector for an empty
 * bag. Divided by the number, not by the weights' sum, so that learned weights may be 0 or negative.
 *
 * Each distinct id's row is fetched and weighted once for all bags.
 *
 * @param table   [rows, D]
 * @param weights [rows, 1]
 * @param ids     [size, length], 0 = padding
 * @returns [size, D], differentiable with respect to both tables
 * @throws RangeError if ids has another length than size · length, or an id is outside the tables
 */
export function weightedBag(
  table: EmbeddingTable,
  weights: EmbeddingTable,
  ids: Int32Array,
  size: number,
  length: number,
): tf.Tensor2D {
  if (ids.length !== size * length)
    throw new UserError(
      `weightedBag: ids must have size · length = ${size} · ${length} entries, got ${ids.length}`,
    );
  const { distinct, local } = distinctIds(ids, table.rows);
  if (distinct.length === 0) return tf.zeros([size, table.dim]);
  const rows = tf.mul(table.lookup(distinct), weights.lookup(distinct)) as tf.Tensor2D;
  return tensorBag(rows, local, size, length);
}

/** The ids other than 0, each once in order of appearance, and `ids` with each id's place there, from 1 on. */
function distinctIds(ids: Int32Array, rows: number): { distinct: Int32Array; local: Int32Array } {
  const places = new Int32Array(rows);
  const distinct = new Int32Array(ids.length);
  const local = new Int32Array(ids.length);
  let count = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id === 0) continue;
    if (id < 0 || id >= rows)
      throw new UserError(`weightedBag: ids must be in [0, ${rows}), got ${id} at ${i}`);
    if (places[id] === 0) {
      distinct[count] = id;
      places[id] = ++count;
    }
    local[i] = places[id]!;
  }
  return { distinct: distinct.slice(0, count), local };
}
