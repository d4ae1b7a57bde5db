@inline export function madd(a: v128, b: v128, c: v128): v128 {
  if (FMA) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** One more vector of four dimensions: product, or squared difference. */
@inline export function step(squared: bool, q: v128, d: v128, sum: v128): v128 {
  if (!squared) return madd(q, d, sum);
  const difference = f32x4.sub(q, d);
  return madd(difference, difference, sum);
}

/** Lane sums of four vectors, as one vector. */
@inline export function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** q·d of one pair of rows, summed in the same order as everywhere else. */
export function product(q: usize, d: usize, stride: usize): f32 {
  let sum = f32x4.splat(0);
  for (let o: usize = 0; o < stride; o += 16) sum = madd(v128.load(q + o), v128.load(d + o), sum);
  return f32x4.extract_lane(laneSums(sum, sum, sum, sum), 0);
}
