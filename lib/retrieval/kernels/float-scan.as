import { heapBytes, insertColumn, insertRow, thresholds } from "./heap";
import { laneSums, step } from "./lanes";

/** Four queries × two documents at a time. */
@inline function fourQueries(squared: bool, d: usize, count: i32, stride: usize, firstId: i32, scale: usize, q0: usize, heaps: usize, heapStride: usize, k: i32, keep: usize): void {
  const q1 = q0 + stride, q2 = q1 + stride, q3 = q2 + stride;
  let limit = thresholds(heaps, heapStride);
  for (let i = 0; i < count; i += 2) {
    const e = i + 1 < count ? d + stride : d; // an odd last document is computed twice and looked at once
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    for (let o: usize = 0; o < stride; o += 16) {
      const x = v128.load(d + o), y = v128.load(e + o);
      let q = v128.load(q0 + o);
      a0 = step(squared, q, x, a0); b0 = step(squared, q, y, b0);
      q = v128.load(q1 + o);
      a1 = step(squared, q, x, a1); b1 = step(squared, q, y, b1);
      q = v128.load(q2 + o);
      a2 = step(squared, q, x, a2); b2 = step(squared, q, y, b2);
      q = v128.load(q3 + o);
      a3 = step(squared, q, x, a3); b3 = step(squared, q, y, b3);
    }
    let a = laneSums(a0, a1, a2, a3), b = laneSums(b0, b1, b2, b3);
    if (squared) { a = f32x4.neg(a); b = f32x4.neg(b); }
    if (scale) {
      a = f32x4.mul(a, v128.load32_splat(scale + (<usize>i << 2)));
      b = f32x4.mul(b, v128.load32_splat(scale + (<usize>min(i + 1, count - 1) << 2)));
    }
    if (v128.any_true(v128.or(f32x4.gt(a, limit), f32x4.gt(b, limit)))) {
      insertColumn(heaps, heapStride, k, a, firstId + i, keep);
      if (i + 1 < count) insertColumn(heaps, heapStride, k, b, firstId + i + 1, keep);
      limit = thresholds(heaps, heapStride);
    }
    d += 2 * stride;
  }
}

/** One query × four documents at a time. */
@inline function oneQuery(squared: bool, d0: usize, count: i32, stride: usize, firstId: i32, scale: usize, q: usize, heap: usize, k: i32, keep: usize): void {
  let limit = v128.load32_splat(heap);
  for (let i = 0; i < count; i += 4) {
    const d1 = i + 1 < count ? d0 + stride : d0, d2 = i + 2 < count ? d1 + stride : d0, d3 = i + 3 < count ? d2 + stride : d0;
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    for (let o: usize = 0; o < stride; o += 16) {
      const x = v128.load(q + o);
      a0 = step(squared, x, v128.load(d0 + o), a0); a1 = step(squared, x, v128.load(d1 + o), a1);
      a2 = step(squared, x, v128.load(d2 + o), a2); a3 = step(squared, x, v128.load(d3 + o), a3);
    }
    let a = laneSums(a0, a1, a2, a3);
    if (squared) a = f32x4.neg(a);
    if (scale) a = f32x4.mul(a, v128.load(scale + (<usize>i << 2)));
    if (v128.any_true(f32x4.gt(a, limit))) {
      insertRow(heap, k, a, firstId + i, count - i, keep);
      limit = v128.load32_splat(heap);
    }
    d0 += 4 * stride;
  }
}

@inline function scanTiles(squared: bool, documents: usize, count: i32, stride: usize, firstId: i32, scales: usize, queries: usize, queryCount: i32, heaps: usize, k: i32, keep: usize): void {
  const heapStride = heapBytes(k);
  const tile = max(4, (16384 / <i32>stride) & ~3); // documents that stay in the level-1 cache while the queries pass
  for (let start = 0; start < count; start += tile) {
    const n = min(tile, count - start);
    const d = documents + <usize>start * stride, scale = scales ? scales + (<usize>start << 2) : 0;
    let q = 0;
    for (; q + 4 <= queryCount; q += 4)
      fourQueries(squared, d, n, stride, firstId + start, scale, queries + <usize>q * stride, heaps + <usize>q * heapStride, heapStride, k, keep);
    for (; q < queryCount; q++)
      oneQuery(squared, d, n, stride, firstId + start, scale, queries + <usize>q * stride, heaps + <usize>q * heapStride, k, keep);
  }
}

/**
 * Offers documents firstId … firstId + count − 1 to the heaps of the queries.
 *
 * metric: 0 product, 1 minus the squared Euclidean distance. scales: factors of the products, one f32 per document
 * (readable to the next multiple of four), or 0. keep: one bit per document id, or 0 to keep all.
 */
export function scan(metric: i32, documents: usize, count: i32, stride: usize, firstId: i32, scales: usize, queries: usize, queryCount: i32, heaps: usize, k: i32, keep: usize): void {
  if (metric) scanTiles(true, documents, count, stride, firstId, scales, queries, queryCount, heaps, k, keep);
  else scanTiles(false, documents, count, stride, firstId, scales, queries, queryCount, heaps, k, keep);
}

