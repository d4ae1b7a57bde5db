// @ts-nocheck — AssemblyScript, see search.ts
//
// One signed byte per dimension: x ≈ x̂ = s·c with s = max|x| / 127 and c = the nearest integer to x / s. What the codes
// lose is kept as a bound: ‖x − x̂‖. A row with a value that is not finite gets an infinite bound, so that it is always
// looked at in full.
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

/** Writes the codes of a row, as i8 or, wide, as i16; sets `norm` and `loss`. */
@inline function encode(wide: bool, row: usize, stride: usize, codes: usize, scale: f32): void {
  const inverse: f32 = scale > 0 ? <f32>1 / scale : 0;
  const r = f32x4.splat(inverse), s = f32x4.splat(scale);
  let squares = f32x4.splat(0), lost = f32x4.splat(0);
  for (let o: usize = 0; o < stride; o += 32) {
    const x = v128.load(row + o), y = v128.load(row + o, 16);
    const cx = f32x4.nearest(f32x4.mul(x, r)), cy = f32x4.nearest(f32x4.mul(y, r));
    squares = madd(x, x, squares); squares = madd(y, y, squares);
    const dx = f32x4.sub(x, f32x4.mul(cx, s)), dy = f32x4.sub(y, f32x4.mul(cy, s));
    lost = madd(dx, dx, lost); lost = madd(dy, dy, lost);
    const c16 = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(cx), i32x4.trunc_sat_f32x4_s(cy));
    if (wide) { v128.store(codes, c16); codes += 16; }
    else { v128.store64_lane(codes, i8x16.narrow_i16x8_s(c16, c16), 0); codes += 8; }
  }
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
    const s = largest(rows, stride) / <f32>127;
    encode(false, rows, stride, codes, s);
    const by: f32 = scales ? load<f32>(scales) : 1;
    const usable = norm < Infinity && loss < Infinity;
    store<f32>(factors, usable ? s * by : 0);
    store<f32>(norms, usable ? norm * by : 0);
    store<f32>(losses, usable ? loss * by : Infinity);
    rows += stride; codes += codeStride; factors += 4; norms += 4; losses += 4; if (scales) scales += 4;
  }
}

/**
 * Codes of queries, two bytes each, and four numbers per query: s, ‖q − q̂‖ with room for the rounding of float sums
 * (2⁻²³ ‖q‖ for each of their steps), ‖q̂‖ at most, unused.
 */
export function encodeQueries(rows: usize, count: i32, stride: usize, codes: usize, numbers: usize): void {
  const rounding = (<f32>16 + <f32>(stride >> 4)) * <f32>1.2e-7;
  for (let i = 0; i < count; i++) {
    const s = largest(rows, stride) / <f32>127;
    encode(true, rows, stride, codes, s);
    const usable = norm < Infinity && loss < Infinity;
    store<f32>(numbers, usable ? s : 0);
    store<f32>(numbers, usable ? loss + norm * rounding : Infinity, 4);
    store<f32>(numbers, usable ? (norm + loss) * RELATIVE_SLACK : 1, 8);
    rows += stride; codes += stride >> 1; numbers += 16;
  }
}
