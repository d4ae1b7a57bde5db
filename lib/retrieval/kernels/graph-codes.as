// 8-bit codes that are the same with and without relaxed SIMD; see graph.as.

const LEVELS: f32 = 63;

/** Codes of a row of floats (stride bytes, a multiple of 32) as signed bytes, zeros up to codeStride. @returns their factor */
export function signedCode(row: usize, stride: usize, to: usize, codeStride: usize): f32 {
  let most = f32x4.splat(0);
  for (let o: usize = 0; o < stride; o += 16) most = f32x4.pmax(most, f32x4.abs(v128.load(row + o)));
  const largest = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  const factor = largest / LEVELS;
  const inverse = f32x4.splat(factor > 0 ? <f32>1 / factor : 0);
  memory.fill(to, 0, codeStride);
  for (let o: usize = 0; o < stride; o += 32) {
    const x = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(row + o), inverse)));
    const y = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(row + o, 16), inverse)));
    const both = i16x8.narrow_i32x4_s(x, y);
    const c = i8x16.min_s(i8x16.max_s(i8x16.narrow_i16x8_s(both, both), i8x16.splat(-64)), i8x16.splat(63));
    v128.store64_lane(to + (o >> 2), c, 0);
  }
  return factor;
}

/** Codes [count, codeStride] of rows, 64 more than signed ones, with their factors and, unless 0, biases −‖x‖²/2. */
export function encodeDocuments(rows: usize, count: i32, stride: usize, codes: usize, codeStride: usize, factors: usize, biases: usize): void {
  for (let i = 0; i < count; i++) {
    const factor = signedCode(rows, stride, codes, codeStride);
    store<f32>(factors + (<usize>i << 2), factor);
    let squares = 0;
    for (let o: usize = 0; o < codeStride; o += 16) {
      const c = v128.load(codes + o);
      const low = i16x8.extend_low_i8x16_s(c), high = i16x8.extend_high_i8x16_s(c);
      squares += sumOfLanes(i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
      v128.store(codes + o, i8x16.add(c, i8x16.splat(64)));
    }
    if (biases) store<f32>(biases + (<usize>i << 2), <f32>-0.5 * (factor * factor) * <f32>squares);
    rows += stride;
    codes += codeStride;
  }
}

@inline function sumOfLanes(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3));
}

export function signedFromCode(code: usize, to: usize, codeStride: usize): void {
  for (let o: usize = 0; o < codeStride; o += 16) v128.store(to + o, i8x16.sub(v128.load(code + o), i8x16.splat(64)));
}

export function signedSum(signed: usize, codeStride: usize): i32 {
  let sum = i32x4.splat(0);
  for (let o: usize = 0; o < codeStride; o += 16)
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v128.load(signed + o))));
  return sumOfLanes(sum);
}

/** Products of 32 signed numbers with 32 of 0 … 127, added to `sum`; 16-bit sums hold at most 4 · 127 · 64. */
@inline function add32(sum: v128, c0: v128, c1: v128, x0: v128, x1: v128): v128 {
  if (FMA) {
    const pairs = i16x8.add(v128.relaxed_dot<i16>(c0, x0), v128.relaxed_dot<i16>(c1, x1));
    return i32x4.add(sum, i32x4.dot_i16x8_s(pairs, i16x8.splat(1)));
  }
  const low = i16x8.add(i16x8.extmul_low_i8x16_s(c0, x0), i16x8.extmul_high_i8x16_s(c0, x0));
  const high = i16x8.add(i16x8.extmul_low_i8x16_s(c1, x1), i16x8.extmul_high_i8x16_s(c1, x1));
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(low, high), i16x8.splat(1)));
}

@inline function column(values: usize, a: usize, b: usize, c: usize, d: usize): v128 {
  let v = v128.load32_zero(values + (a << 2));
  v = f32x4.replace_lane(v, 1, load<f32>(values + (b << 2)));
  v = f32x4.replace_lane(v, 2, load<f32>(values + (c << 2)));
  return f32x4.replace_lane(v, 3, load<f32>(values + (d << 2)));
}

/**
 * Similarities of one row, given as signed codes, to `count` documents, four at a time; `ids` and `out` must have room for the
 * next multiple of four.
 *
 * @param shift  64 times the sum of the signed codes
 */
export function similarities(
  signed: usize, factor: f32, bias: f32, shift: i32,
  codes: usize, codeStride: usize, factors: usize, biases: usize, ids: usize, count: i32, out: usize,
): void {
  const shifts = i32x4.splat(shift), own = f32x4.splat(factor), ownBias = f32x4.splat(bias);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    const a = <usize>load<i32>(ids);
    const b = left > 1 ? <usize>load<i32>(ids, 4) : a;
    const c = left > 2 ? <usize>load<i32>(ids, 8) : a;
    const d = left > 3 ? <usize>load<i32>(ids, 12) : a;
    const pa = codes + a * codeStride, pb = codes + b * codeStride, pc = codes + c * codeStride, pd = codes + d * codeStride;
    let sa = i32x4.splat(0), sb = sa, sc = sa, sd = sa;
    for (let o: usize = 0; o < codeStride; o += 32) {
      const c0 = v128.load(signed + o), c1 = v128.load(signed + o, 16);
      sa = add32(sa, c0, c1, v128.load(pa + o), v128.load(pa + o, 16));
      sb = add32(sb, c0, c1, v128.load(pb + o), v128.load(pb + o, 16));
      sc = add32(sc, c0, c1, v128.load(pc + o), v128.load(pc + o, 16));
      sd = add32(sd, c0, c1, v128.load(pd + o), v128.load(pd + o, 16));
    }
    const ab = i32x4.add(v128.shuffle<i32>(sa, sb, 0, 4, 1, 5), v128.shuffle<i32>(sa, sb, 2, 6, 3, 7));
    const cd = i32x4.add(v128.shuffle<i32>(sc, sd, 0, 4, 1, 5), v128.shuffle<i32>(sc, sd, 2, 6, 3, 7));
    const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
    const products = f32x4.convert_i32x4_s(i32x4.sub(sums, shifts));
    let s = f32x4.mul(products, f32x4.mul(own, column(factors, a, b, c, d)));
    if (biases) s = f32x4.add(s, f32x4.add(ownBias, column(biases, a, b, c, d)));
    v128.store(out, s);
    ids += 16;
    out += 16;
  }
}
