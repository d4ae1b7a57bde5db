import { mix, mix4 } from "./noise";

// Adam's moments of a parameter in one word: bfloat16 of the first above, of the second below; see
// lib/engine/tables/packed-moments.ts.

@inline
export function firstMoments(words: v128): v128 {
  return v128.and(words, i32x4.splat(-65536));
}

@inline
export function secondMoments(words: v128): v128 {
  return i32x4.shl(words, 16);
}

// rounded up with the probability of the distance from below; counter + lane are hashed to the bits that decide
@inline
export function packMoments(first: v128, second: v128, counter: v128): v128 {
  const noise = mix4(counter);
  const upper = v128.and(i32x4.add(first, i32x4.shr_u(noise, 16)), i32x4.splat(-65536));
  const lower = i32x4.shr_u(i32x4.add(second, v128.and(noise, i32x4.splat(65535))), 16);
  return v128.or(upper, lower);
}

// counters of a row's first four parameters
@inline
export function rowCounter(row: i32, seed: i32): v128 {
  return i32x4.add(i32x4.splat(mix(row + seed)), i32x4(0, 1, 2, 3));
}
