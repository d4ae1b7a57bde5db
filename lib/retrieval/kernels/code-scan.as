// The same answers as scan's products, sooner: integer products of the codes bound each score from above,
// q·d ≤ q̂·d̂ + ‖q − q̂‖ ‖d‖ + ‖q̂‖ ‖d − d̂‖, and only documents whose bound beats the threshold are scored in full.
import { queryCodeStride } from "./codes";
import { heapBytes, insert, thresholds } from "./heap";
import { product } from "./lanes";

/** Sums of products of 32 dimensions, added to `sum`: query codes c0, c1 (signed), document codes x0, x1 (0 … 127). */
@inline function add32(sum: v128, c0: v128, c1: v128, x0: v128, x1: v128): v128 {
  const pairs = i16x8.add(v128.relaxed_dot<i16>(c0, x0), v128.relaxed_dot<i16>(c1, x1));
  return i32x4.add(sum, i32x4.dot_i16x8_s(pairs, i16x8.splat(1)));
}

/** The same for the eight dimensions of the lower halves. */
@inline function add8(sum: v128, c: v128, x: v128): v128 {
  return i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(v128.relaxed_dot<i16>(c, x)));
}

/** Lane sums of four integer vectors, less `shift`, as floats. */
@inline function intLaneSums(a: v128, b: v128, c: v128, d: v128, shift: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
  return f32x4.convert_i32x4_s(i32x4.sub(sums, shift));
}

/** Scores a pair in full and offers it. */
@inline function offer(q: usize, d: usize, stride: usize, scale: usize, heap: usize, k: i32, id: i32, keep: usize): void {
  let score = product(q, d, stride);
  if (scale) score *= load<f32>(scale);
  if (score > load<f32>(heap)) insert(heap, k, score, id, keep);
}

function offerMarked(mask: i32, q: usize, d: usize, stride: usize, scale: usize, heaps: usize, heapStride: usize, k: i32, id: i32, keep: usize): void {
  for (; mask; mask &= mask - 1) {
    const j = <usize>ctz(mask);
    offer(q + j * stride, d, stride, scale, heaps + j * heapStride, k, id, keep);
  }
}

@inline function column(numbers: usize, field: usize): v128 {
  let v = v128.load32_zero(numbers + field);
  v = f32x4.replace_lane(v, 1, load<f32>(numbers + field + 16));
  v = f32x4.replace_lane(v, 2, load<f32>(numbers + field + 32));
  return f32x4.replace_lane(v, 3, load<f32>(numbers + field + 48));
}

@inline function intColumn(numbers: usize, field: usize): v128 {
  let v = v128.load32_zero(numbers + field);
  v = i32x4.replace_lane(v, 1, load<i32>(numbers + field + 16));
  v = i32x4.replace_lane(v, 2, load<i32>(numbers + field + 32));
  return i32x4.replace_lane(v, 3, load<i32>(numbers + field + 48));
}

/** Four queries × two documents at a time; `norm` and `loss` are the largest of the tile. */
function fourQueries(d: usize, codes: usize, count: i32, stride: usize, firstId: i32, scale: usize, factors: usize, norm: f32, loss: f32, q: usize, queryCodes: usize, numbers: usize, heaps: usize, heapStride: usize, k: i32, keep: usize): void {
  const codeStride = stride >> 2, wide = queryCodeStride(stride);
  const q1 = queryCodes + wide, q2 = q1 + wide, q3 = q2 + wide;
  const slack = f32x4.add(f32x4.mul(column(numbers, 4), f32x4.splat(norm)), f32x4.mul(column(numbers, 8), f32x4.splat(loss)));
  const own = column(numbers, 0), shift = intColumn(numbers, 12);
  let limit = f32x4.sub(thresholds(heaps, heapStride), slack);
  for (let i = 0; i < count; i += 2) {
    const second: usize = i + 1 < count ? 1 : 0; // an odd last document is computed twice and looked at once
    const e = codes + second * codeStride;
    let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    if (FMA) {
      let o: usize = 0;
      for (; o + 32 <= codeStride; o += 32) {
        const x0 = v128.load(codes + o), x1 = v128.load(codes + o, 16), y0 = v128.load(e + o), y1 = v128.load(e + o, 16);
        let c0 = v128.load(queryCodes + o), c1 = v128.load(queryCodes + o, 16);
        a0 = add32(a0, c0, c1, x0, x1); b0 = add32(b0, c0, c1, y0, y1);
        c0 = v128.load(q1 + o); c1 = v128.load(q1 + o, 16);
        a1 = add32(a1, c0, c1, x0, x1); b1 = add32(b1, c0, c1, y0, y1);
        c0 = v128.load(q2 + o); c1 = v128.load(q2 + o, 16);
        a2 = add32(a2, c0, c1, x0, x1); b2 = add32(b2, c0, c1, y0, y1);
        c0 = v128.load(q3 + o); c1 = v128.load(q3 + o, 16);
        a3 = add32(a3, c0, c1, x0, x1); b3 = add32(b3, c0, c1, y0, y1);
      }
      for (; o < codeStride; o += 8) {
        const x = v128.load64_zero(codes + o), y = v128.load64_zero(e + o);
        let c = v128.load64_zero(queryCodes + o);
        a0 = add8(a0, c, x); b0 = add8(b0, c, y);
        c = v128.load64_zero(q1 + o);
        a1 = add8(a1, c, x); b1 = add8(b1, c, y);
        c = v128.load64_zero(q2 + o);
        a2 = add8(a2, c, x); b2 = add8(b2, c, y);
        c = v128.load64_zero(q3 + o);
        a3 = add8(a3, c, x); b3 = add8(b3, c, y);
      }
    } else {
      for (let o: usize = 0; o < codeStride; o += 8) {
        const x = v128.load_ext<i8>(codes + o), y = v128.load_ext<i8>(e + o), w = o << 1;
        let c = v128.load(queryCodes + w);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(c, x)); b0 = i32x4.add(b0, i32x4.dot_i16x8_s(c, y));
        c = v128.load(q1 + w);
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(c, x)); b1 = i32x4.add(b1, i32x4.dot_i16x8_s(c, y));
        c = v128.load(q2 + w);
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(c, x)); b2 = i32x4.add(b2, i32x4.dot_i16x8_s(c, y));
        c = v128.load(q3 + w);
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(c, x)); b3 = i32x4.add(b3, i32x4.dot_i16x8_s(c, y));
      }
    }
    const a = f32x4.mul(f32x4.mul(intLaneSums(a0, a1, a2, a3, shift), v128.load32_splat(factors)), own);
    const b = f32x4.mul(f32x4.mul(intLaneSums(b0, b1, b2, b3, shift), v128.load32_splat(factors + (second << 2))), own);
    const over = v128.or(f32x4.gt(a, limit), f32x4.gt(b, limit));
    if (v128.any_true(over)) {
      offerMarked(i32x4.bitmask(f32x4.gt(a, limit)), q, d, stride, scale, heaps, heapStride, k, firstId + i, keep);
      if (second) offerMarked(i32x4.bitmask(f32x4.gt(b, limit)), q, d + stride, stride, scale ? scale + 4 : 0, heaps, heapStride, k, firstId + i + 1, keep);
      limit = f32x4.sub(thresholds(heaps, heapStride), slack);
    }
    codes += 2 * codeStride; d += 2 * stride; factors += 8; if (scale) scale += 8;
  }
}

/** One query × four documents at a time. */
function oneQuery(d: usize, codes: usize, count: i32, stride: usize, firstId: i32, scale: usize, factors: usize, norms: usize, losses: usize, q: usize, queryCodes: usize, numbers: usize, heap: usize, k: i32, keep: usize): void {
  const codeStride = stride >> 2;
  const own = v128.load32_splat(numbers), lossQ = v128.load32_splat(numbers + 4), normQ = v128.load32_splat(numbers + 8), shift = v128.load32_splat(numbers + 12);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    const c1 = left > 1 ? codes + codeStride : codes, c2 = left > 2 ? c1 + codeStride : codes, c3 = left > 3 ? c2 + codeStride : codes;
    let a0 = i32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
    if (FMA) {
      let o: usize = 0;
      for (; o + 32 <= codeStride; o += 32) {
        const q0 = v128.load(queryCodes + o), q1 = v128.load(queryCodes + o, 16);
        a0 = add32(a0, q0, q1, v128.load(codes + o), v128.load(codes + o, 16));
        a1 = add32(a1, q0, q1, v128.load(c1 + o), v128.load(c1 + o, 16));
        a2 = add32(a2, q0, q1, v128.load(c2 + o), v128.load(c2 + o, 16));
        a3 = add32(a3, q0, q1, v128.load(c3 + o), v128.load(c3 + o, 16));
      }
      for (; o < codeStride; o += 8) {
        const c = v128.load64_zero(queryCodes + o);
        a0 = add8(a0, c, v128.load64_zero(codes + o)); a1 = add8(a1, c, v128.load64_zero(c1 + o));
        a2 = add8(a2, c, v128.load64_zero(c2 + o)); a3 = add8(a3, c, v128.load64_zero(c3 + o));
      }
    } else {
      for (let o: usize = 0; o < codeStride; o += 8) {
        const c = v128.load(queryCodes + (o << 1));
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(c, v128.load_ext<i8>(codes + o)));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(c, v128.load_ext<i8>(c1 + o)));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(c, v128.load_ext<i8>(c2 + o)));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(c, v128.load_ext<i8>(c3 + o)));
      }
    }
    const estimate = f32x4.mul(f32x4.mul(intLaneSums(a0, a1, a2, a3, shift), v128.load(factors)), own);
    const slack = f32x4.add(f32x4.mul(lossQ, v128.load(norms)), f32x4.mul(normQ, v128.load(losses)));
    const limit = f32x4.sub(v128.load32_splat(heap), slack);
    let mask = i32x4.bitmask(f32x4.gt(estimate, limit)) & ((1 << min(left, 4)) - 1);
    for (; mask; mask &= mask - 1) {
      const j = ctz(mask);
      offer(q, d + <usize>j * stride, stride, scale ? scale + (<usize>j << 2) : 0, heap, k, firstId + i + j, keep);
    }
    codes += 4 * codeStride; d += 4 * stride; factors += 16; norms += 16; losses += 16; if (scale) scale += 16;
  }
}

@inline function largestOf(values: usize, count: i32): f32 {
  let m: f32 = 0;
  for (let i = 0; i < count; i++) m = max(m, load<f32>(values + (<usize>i << 2)));
  return m;
}

/**
 * Like scan with metric 0, with the codes and numbers that encodeRows and encodeQueries wrote. Arrays with one number
 * per document must be readable to the next multiple of four.
 */
export function scanCodes(documents: usize, codes: usize, count: i32, stride: usize, firstId: i32, scales: usize, factors: usize, norms: usize, losses: usize, queries: usize, queryCodes: usize, numbers: usize, queryCount: i32, heaps: usize, k: i32, keep: usize): void {
  const heapStride = heapBytes(k), codeStride = stride >> 2, wide = queryCodeStride(stride);
  const tile = max(4, (16384 / <i32>codeStride) & ~3); // codes that stay in the level-1 cache while the queries pass
  for (let start = 0; start < count; start += tile) {
    const n = min(tile, count - start), at = <usize>start << 2;
    const d = documents + <usize>start * stride, c = codes + <usize>start * codeStride, scale = scales ? scales + at : 0;
    let q = 0;
    if (queryCount >= 4) {
      const norm = largestOf(norms + at, n), loss = largestOf(losses + at, n);
      for (; q + 4 <= queryCount; q += 4)
        fourQueries(d, c, n, stride, firstId + start, scale, factors + at, norm, loss, queries + <usize>q * stride, queryCodes + <usize>q * wide, numbers + (<usize>q << 4), heaps + <usize>q * heapStride, heapStride, k, keep);
    }
    for (; q < queryCount; q++)
      oneQuery(d, c, n, stride, firstId + start, scale, factors + at, norms + at, losses + at, queries + <usize>q * stride, queryCodes + <usize>q * wide, numbers + (<usize>q << 4), heaps + <usize>q * heapStride, k, keep);
  }
}
