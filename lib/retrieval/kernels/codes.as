// One byte per dimension: x ≈ x̂ = s·c with s = max|x| / LEVELS and c = the nearest integer to x / s. What the codes lose
// is kept as a bound: ‖x − x̂‖. A row with a value that is not finite gets an infinite bound, so that it is always looked at
// in full.
//
// Plain SIMD: ±127 levels, products of 16-bit numbers. Relaxed SIMD (FMA = 1): 8-bit products of a signed number with one
// of 0 … 127, so documents hold c + 64 with c in ±63, queries c in ±64: four products, at most 4 · 127 · 64, fit 16 bits.
// Coarser codes lose twice as much and let more documents through, but take 20 operations for 128 dimensions, not 32.
import { laneSums, madd } from "./lanes";

const RELATIVE_SLACK: f32 = 1.001; // rounding of the bound itself
const UNDERFLOW: f32 = 1e-18; // what squares too small for a float may hide

/** Largest |x| of a row; NaN does not count. */
@inline function largest(row: usize, stride: usize): f32 {
  let m = f32x4.splat(0);
  for (let o: usize = 0; o < stride; o += 16) m = f32x4.pmax(m, f32x4.abs(v128.load(row + o)));
  return max(max(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1)), max(f32x4.extract_lane(m, 2), f32x4.extract_lane(m, 3)));
}

let norm: f32 = 0; // of the row encoded last
let loss: f32 = 0; // ‖x − x̂‖ of the row encoded last, rounded up
let sum: i32 = 0; // of the codes of the row encoded last

/** What is added to a document's numbers to make its codes. */
const SHIFT: i32 = FMA ? 64 : 0;
const DOCUMENT_LEVELS: f32 = FMA ? 63 : 127;
const QUERY_LEVELS: f32 = FMA ? 64 : 127;

/** Bytes of a query's codes. */
@inline export function queryCodeStride(stride: usize): usize {
  return FMA ? stride >> 2 : stride >> 1;
}

/** Writes the codes of a row, plus `shift`, as i8 or, wide, as i16; sets `norm`, `loss` and `sum`, of the codes. */
@inline function encode(wide: bool, shift: i32, row: usize, stride: usize, codes: usize, scale: f32): void {
  const inverse: f32 = scale > 0 ? <f32>1 / scale : 0;
  const r = f32x4.splat(inverse), s = f32x4.splat(scale);
  let squares = f32x4.splat(0), lost = f32x4.splat(0), total = i32x4.splat(0);
  for (let o: usize = 0; o < stride; o += 32) {
    const x = v128.load(row + o), y = v128.load(row + o, 16);
    const cx = f32x4.nearest(f32x4.mul(x, r)), cy = f32x4.nearest(f32x4.mul(y, r));
    squares = madd(x, x, squares); squares = madd(y, y, squares);
    const dx = f32x4.sub(x, f32x4.mul(cx, s)), dy = f32x4.sub(y, f32x4.mul(cy, s));
    lost = madd(dx, dx, lost); lost = madd(dy, dy, lost);
    const c16 = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(cx), i32x4.trunc_sat_f32x4_s(cy));
    total = i32x4.add(total, i32x4.extadd_pairwise_i16x8_s(c16));
    if (wide) { v128.store(codes, c16); codes += 16; }
    else {
      const c = i16x8.add_sat_s(c16, i16x8.splat(<i16>shift));
      v128.store64_lane(codes, i8x16.narrow_i16x8_s(c, c), 0); codes += 8;
    }
  }
  sum = i32x4.extract_lane(total, 0) + i32x4.extract_lane(total, 1) + i32x4.extract_lane(total, 2) + i32x4.extract_lane(total, 3);
  norm = sqrt<f32>(f32x4.extract_lane(laneSums(squares, squares, squares, squares), 0)) + UNDERFLOW;
  loss = sqrt<f32>(f32x4.extract_lane(laneSums(lost, lost, lost, lost), 0)) * RELATIVE_SLACK + UNDERFLOW;
}

/**
 * Codes of documents. Rows that are multiplied by `scales` (0: by 1) when scored have
 * factor = s·scale, norm = ‖d‖·scale, loss = ‖d − d̂‖·scale.
 */
export function encodeRows(rows: usize, count: i32, stride: usize, scales: usize, codes: usize, factors: usize, norms: usize, losses: usize): void {
  const codeStride = stride >> 2;
  for (let i = 0; i < count; i++) {
    const s = largest(rows, stride) / DOCUMENT_LEVELS;
    encode(false, SHIFT, rows, stride, codes, s);
    const by: f32 = scales ? load<f32>(scales) : 1;
    const usable = norm < Infinity && loss < Infinity;
    store<f32>(factors, usable ? s * by : 0);
    store<f32>(norms, usable ? norm * by : 0);
    store<f32>(losses, usable ? loss * by : Infinity);
    rows += stride; codes += codeStride; factors += 4; norms += 4; losses += 4; if (scales) scales += 4;
  }
}

/**
 * Codes of queries and four numbers per query: s, ‖q − q̂‖ with room for the rounding of float sums (2⁻²³ ‖q‖ for each of
 * their steps), ‖q̂‖ at most, and, as an integer, what the documents' shift adds to its products: SHIFT · Σ codes.
 */
export function encodeQueries(rows: usize, count: i32, stride: usize, codes: usize, numbers: usize): void {
  const rounding = (<f32>16 + <f32>(stride >> 4)) * <f32>1.2e-7;
  for (let i = 0; i < count; i++) {
    const s = largest(rows, stride) / QUERY_LEVELS;
    encode(!FMA, 0, rows, stride, codes, s);
    const usable = norm < Infinity && loss < Infinity;
    store<f32>(numbers, usable ? s : 0);
    store<f32>(numbers, usable ? loss + norm * rounding : Infinity, 4);
    store<f32>(numbers, usable ? (norm + loss) * RELATIVE_SLACK : 1, 8);
    store<i32>(numbers, SHIFT * sum, 12);
    rows += stride; codes += queryCodeStride(stride); numbers += 16;
  }
}
