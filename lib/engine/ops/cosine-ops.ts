import * as tf from "@tensorflow/tfjs";
import type { WasmHeap } from "../wasm-heap.js";

/** Rows divided by max(norm, 1e-8) as one op in the wasm heap; see unitRows in lib/losses for the gradient's edges. */
export function heapUnitRows(heap: WasmHeap, x: tf.Tensor2D): tf.Tensor2D {
  const [size, dim] = x.shape;
  const op = tf.customGrad((input, save) => {
    const unit = heap.output<tf.Tensor2D>([size, dim]);
    const norms = heap.output<tf.Tensor1D>([size]);
    heap.kernels.unitRows(
      heap.address(input as tf.Tensor),
      heap.address(unit),
      heap.address(norms),
      size,
      dim,
    );
    (save as tf.GradSaveFunc)([unit, norms]);
    return {
      value: unit,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const dx = heap.output<tf.Tensor2D>([size, dim]);
        const [y, n] = saved.map((tensor) => heap.address(tensor)) as [number, number];
        heap.kernels.unitRowsBackward(y, n, heap.address(dy), heap.address(dx), size, dim);
        return dx;
      },
    };
  });
  return op(x) as tf.Tensor2D;
}

/**
 * log Σⱼ exp(scale · cᵢⱼ) − scale · cᵢᵢ for each query i, with cᵢⱼ = queries i · documents j, as one op in the wasm
 * heap: [B, D] and [M, D] with M ≥ B → [B].
 */
export function heapSoftmaxRows(
  heap: WasmHeap,
  queries: tf.Tensor2D,
  documents: tf.Tensor2D,
  scale: number,
): tf.Tensor1D {
  const [size, dim] = queries.shape;
  const columns = documents.shape[0];
  const { kernels: k } = heap;
  const wide = (columns + 3) & ~3;
  const op = tf.customGrad((q, d, save) => {
    const slopes = heap.output<tf.Tensor2D>([size, wide]);
    const rows = heap.scratch("softmaxRows", 2 * size);
    const [at, b] = [heap.address(slopes), heap.address(d as tf.Tensor)];
    heap.product(heap.address(q as tf.Tensor), b, at, [size, columns, dim], { b: true }, wide * 4);
    k.softmaxRows(at, wide * 4, size, columns, 0, scale, scale, rows);
    const floats = heap.floats;
    const losses = new Float32Array(size);
    for (let i = 0; i < size; i++)
      losses[i] = Math.log(floats[rows / 4 + 2 * i]!) + floats[rows / 4 + 2 * i + 1]!;
    (save as tf.GradSaveFunc)([q as tf.Tensor, d as tf.Tensor, slopes]);
    return {
      value: tf.tensor1d(losses),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [left, right, rowSlopes] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const scaled = heap.output<tf.Tensor2D>([size, wide]);
        k.scaleRows(heap.address(rowSlopes), wide * 4, heap.address(scaled), heap.address(dy), size, wide);
        const toQueries = heap.output<tf.Tensor2D>([size, dim]);
        const toDocuments = heap.output<tf.Tensor2D>([columns, dim]);
        const panel = heap.scratch("panel", 256 * 8 + 8);
        const [s, row] = [heap.address(scaled), dim * 4];
        k.gemm(
          s,
          wide * 4,
          4,
          heap.address(right),
          row,
          4,
          heap.address(toQueries),
          row,
          size,
          dim,
          columns,
          panel,
          0,
        );
        k.gemm(
          s,
          4,
          wide * 4,
          heap.address(left),
          row,
          4,
          heap.address(toDocuments),
          row,
          columns,
          dim,
          size,
          panel,
          0,
        );
        return [toQueries, toDocuments];
      },
    };
  });
  return op(queries, documents) as tf.Tensor1D;
}
