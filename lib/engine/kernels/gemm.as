import { multiplyAdd } from "./vector";

const BLOCK: i32 = 256; // of k: a panel of B is BLOCK × 8 floats, 8 KiB

// C[i, j] (+)= Σ_k A[i, k] · B[k, j]; A[i, k] at a + i·ars + k·aks, B[k, j] at b + k·bks + j·bcs, C[i, j] at
// c + i·crs + 4j, strides in bytes; bcs or bks must be 4. Each C[i, j] is summed over k in ascending order in one
// accumulator per block, whatever M and N are, so cutting the product by rows or columns changes no bit.
// panel: scratch of BLOCK · 8 + 8 floats.
export function gemm(
  a: usize, ars: usize, aks: usize,
  b: usize, bks: usize, bcs: usize,
  c: usize, crs: usize,
  M: i32, N: i32, K: i32,
  panel: usize, accumulate: i32,
): void {
  const spill = panel + <usize>(BLOCK * 32);
  for (let k0 = 0; k0 < K; k0 += BLOCK) {
    const depth = min(BLOCK, K - k0);
    const add = accumulate != 0 || k0 > 0;
    const ab = a + <usize>k0 * aks;
    for (let j = 0; j < N; j += 8) {
      const columns = min(8, N - j);
      pack(b + <usize>k0 * bks + <usize>j * bcs, bks, bcs, depth, columns, panel);
      let ai = ab, ci = c + <usize>j * 4, i = 0;
      for (; i + 4 <= M; i += 4) {
        tile4(ai, ars, aks, panel, depth, ci, crs, add, columns, spill);
        ai += 4 * ars;
        ci += 4 * crs;
      }
      for (; i < M; i++) {
        tile1(ai, aks, panel, depth, ci, add, columns, spill);
        ai += ars;
        ci += crs;
      }
    }
  }
}

// B's columns j … j + 7 as [depth][8], zeros beyond the last column
function pack(b: usize, bks: usize, bcs: usize, depth: i32, columns: i32, panel: usize): void {
  if (columns == 8 && bcs == 4) {
    for (let k = 0; k < depth; k++) {
      v128.store(panel, v128.load(b));
      v128.store(panel, v128.load(b, 16), 16);
      b += bks;
      panel += 32;
    }
    return;
  }
  let k = 0;
  if (columns == 8) {
    for (; k + 4 <= depth; k += 4) {
      transpose4(b, bcs, panel);
      transpose4(b + 4 * bcs, bcs, panel + 16);
      b += 16;
      panel += 128;
    }
  }
  for (; k < depth; k++) {
    for (let j = 0; j < 8; j++)
      store<f32>(panel + <usize>j * 4, j < columns ? load<f32>(b + <usize>j * bcs) : 0);
    b += bks;
    panel += 32;
  }
}

// four rows of four at `from` (stride bytes apart) → columns, 32 bytes apart
@inline
function transpose4(from: usize, stride: usize, to: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from + stride), r2 = v128.load(from + 2 * stride), r3 = v128.load(from + 3 * stride);
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(a, c, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(a, c, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(b, d, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(b, d, 2, 3, 6, 7), 96);
}

@inline
function store8(low: v128, high: v128, c: usize, add: bool, columns: i32, spill: usize): void {
  if (columns == 8) {
    if (add) {
      low = f32x4.add(low, v128.load(c));
      high = f32x4.add(high, v128.load(c, 16));
    }
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  v128.store(spill, low);
  v128.store(spill, high, 16);
  for (let j = 0; j < columns; j++) {
    const to = c + <usize>j * 4;
    const value = load<f32>(spill + <usize>j * 4);
    store<f32>(to, add ? load<f32>(to) + value : value);
  }
}

function tile4(a: usize, ars: usize, aks: usize, panel: usize, depth: i32, c: usize, crs: usize, add: bool, columns: i32, spill: usize): void {
  let x0 = f32x4.splat(0), x1 = f32x4.splat(0), x2 = f32x4.splat(0), x3 = f32x4.splat(0);
  let y0 = f32x4.splat(0), y1 = f32x4.splat(0), y2 = f32x4.splat(0), y3 = f32x4.splat(0);
  let a0 = a, a1 = a + ars, a2 = a + 2 * ars, a3 = a + 3 * ars;
  const end = panel + <usize>depth * 32;
  for (let p = panel; p < end; p += 32) {
    const low = v128.load(p), high = v128.load(p, 16);
    const s0 = v128.load32_splat(a0);
    x0 = multiplyAdd(s0, low, x0);
    y0 = multiplyAdd(s0, high, y0);
    const s1 = v128.load32_splat(a1);
    x1 = multiplyAdd(s1, low, x1);
    y1 = multiplyAdd(s1, high, y1);
    const s2 = v128.load32_splat(a2);
    x2 = multiplyAdd(s2, low, x2);
    y2 = multiplyAdd(s2, high, y2);
    const s3 = v128.load32_splat(a3);
    x3 = multiplyAdd(s3, low, x3);
    y3 = multiplyAdd(s3, high, y3);
    a0 += aks;
    a1 += aks;
    a2 += aks;
    a3 += aks;
  }
  store8(x0, y0, c, add, columns, spill);
  store8(x1, y1, c + crs, add, columns, spill);
  store8(x2, y2, c + 2 * crs, add, columns, spill);
  store8(x3, y3, c + 3 * crs, add, columns, spill);
}

function tile1(a: usize, aks: usize, panel: usize, depth: i32, c: usize, add: bool, columns: i32, spill: usize): void {
  let x = f32x4.splat(0), y = f32x4.splat(0);
  const end = panel + <usize>depth * 32;
  for (let p = panel; p < end; p += 32) {
    const s = v128.load32_splat(a);
    x = multiplyAdd(s, v128.load(p), x);
    y = multiplyAdd(s, v128.load(p, 16), y);
    a += aks;
  }
  store8(x, y, c, add, columns, spill);
}
