import * as tf from "@tensorflow/tfjs";
import { wasmHeap } from "../wasm-heap.js";
import { computesElsewhere, poolOnBackend, spreadOnBackend } from "./backend-rows.js";
import { heapPool, heapSpread } from "./heap-table.js";
import { type PooledGradient, poolRows, sumRowGradients } from "./row-pooling.js";

/**
 * Mean of the rows that each bag names, of a matrix on the tape: what {@link EmbeddingTable.bag} is for a table outside it.
 * out_b = Σⱼ matrix[ids[b, j] − 1] / (number of ids of bag b),  the zero vector for an empty bag
 *
 * @param matrix [U, D]
 * @param ids    [size, length], 0 = padding, u names row u − 1; trusted to be in range
 * @returns [size, D], differentiable with respect to the matrix
 */
export function tensorBag(matrix: tf.Tensor2D, ids: Int32Array, size: number, length: number): tf.Tensor2D {
  const [rows, dim] = matrix.shape;
  if (computesElsewhere()) return backendBag(matrix, ids, size, length);
  const op = tf.customGrad((given) => {
    const source = given as tf.Tensor2D;
    const heap = dim % 4 === 0 ? wasmHeap() : null;
    const bag = { ids, size, length, countZero: false, words: null };
    const value = heap
      ? heapPool(
          heap,
          { at: rowZero(heap.address(source), dim), stride: dim * 4, dim, rows, packed: false },
          ids,
          size,
          length,
          false,
        )
      : tf.tensor2d(poolRows(shifted(source, dim), dim, dim, ids, size, length, false), [size, dim]);
    return {
      value,
      gradFunc: (dy: tf.Tensor) => {
        if (heap) return heapSpread(heap, { ...bag, gradient: dy }, rows, dim);
        return spread({ ...bag, gradient: dy.dataSync() as Float32Array }, rows, dim);
      },
    };
  });
  return op(matrix) as tf.Tensor2D;
}

function backendBag(matrix: tf.Tensor2D, ids: Int32Array, size: number, length: number): tf.Tensor2D {
  const rows = matrix.shape[0] + 1;
  const bags = { ids, size, length, countZero: false };
  const op = tf.customGrad((given) => ({
    value: poolOnBackend(
      tf.pad(given as tf.Tensor2D, [
        [1, 0],
        [0, 0],
      ]),
      bags,
    ),
    gradFunc: (dy: tf.Tensor) => tf.slice(spreadOnBackend(dy as tf.Tensor2D, bags, rows), [1, 0]),
  }));
  return op(matrix) as tf.Tensor2D;
}

/** Address of the row before the first, which id 0 would name. */
function rowZero(at: number, dim: number): number {
  return at - dim * 4;
}

/** A copy with a row before the first. */
function shifted(source: tf.Tensor2D, dim: number): Float32Array {
  const values = source.dataSync();
  const out = new Float32Array(values.length + dim);
  out.set(values, dim);
  return out;
}

function spread(part: PooledGradient, rows: number, dim: number): tf.Tensor2D {
  const gradients = sumRowGradients([part], rows + 1, dim);
  const out = new Float32Array(rows * dim);
  gradients.rows.forEach((row, i) => {
    out.set(gradients.values.subarray(i * dim, (i + 1) * dim), (row - 1) * dim);
  });
  return tf.tensor2d(out, [rows, dim]);
}
