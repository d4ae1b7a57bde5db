// AssemblyScript: the element-wise parts of a transformer layer, forward and
// backward, each in one pass over memory. Addresses in bytes, sizes in floats.
import { exponential, multiplyAdd, sumOfLanes } from "./vector";

// q = 1 − Φ(|x|) = ½ · t · (a1 + t (a2 + t (a3 + t (a4 + t a5)))) · e, t = 1 / (1 + p |x| / √2), given e = e^(−x²/2).
// Abramowitz & Stegun 7.1.26, absolute error of Φ below 7.5e-8.
@inline
function upperTail(x: v128, e: v128): v128 {
  const one = f32x4.splat(1.0);
  const t = f32x4.div(one, multiplyAdd(f32x4.abs(x), f32x4.splat(0.23164189), one));
  let p = multiplyAdd(t, f32x4.splat(0.5307027145), f32x4.splat(-0.7265760135));
  p = multiplyAdd(p, t, f32x4.splat(0.7107068705));
  p = multiplyAdd(p, t, f32x4.splat(-0.142248368));
  p = multiplyAdd(p, t, f32x4.splat(0.127414796));
  return f32x4.mul(f32x4.mul(p, t), e);
}

@inline
function normalDistribution(x: v128, e: v128): v128 {
  const q = upperTail(x, e);
  return v128.bitselect(q, f32x4.sub(f32x4.splat(1.0), q), f32x4.lt(x, f32x4.splat(0)));
}

@inline
function bell(x: v128): v128 {
  return exponential(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

// out = x Φ(x); n a multiple of 4
export function geluForward(x: usize, out: usize, n: i32): void {
  for (const end = x + <usize>n * 4; x < end; x += 16, out += 16) {
    const v = v128.load(x);
    v128.store(out, f32x4.mul(v, normalDistribution(v, bell(v))));
  }
}

// out = dy (Φ(x) + x φ(x))
export function geluBackward(x: usize, dy: usize, out: usize, n: i32): void {
  for (const end = x + <usize>n * 4; x < end; x += 16, dy += 16, out += 16) {
    const v = v128.load(x);
    const e = bell(v);
    const slope = multiplyAdd(f32x4.mul(v, f32x4.splat(0.3989422804)), e, normalDistribution(v, e));
    v128.store(out, f32x4.mul(v128.load(dy), slope));
  }
}

// Rows of D (a multiple of 4): unit = (x − mean) · inverse, inverse = 1 / √(variance + eps), out = unit · scale + shift
export function layerNormForward(
  x: usize, scale: usize, shift: usize, out: usize, unit: usize, inverse: usize, N: i32, D: i32, eps: f32,
): void {
  const width = <usize>D * 4;
  for (let row = 0; row < N; row++) {
    let sums = f32x4.splat(0);
    for (let j: usize = 0; j < width; j += 16) sums = f32x4.add(sums, v128.load(x + j));
    const mean = f32x4.splat(sumOfLanes(sums) / <f32>D);
    let squares = f32x4.splat(0);
    for (let j: usize = 0; j < width; j += 16) {
      const v = f32x4.sub(v128.load(x + j), mean);
      squares = multiplyAdd(v, v, squares);
    }
    const one = <f32>1 / sqrt<f32>(sumOfLanes(squares) / <f32>D + eps);
    store<f32>(inverse, one);
    const factor = f32x4.splat(one);
    for (let j: usize = 0; j < width; j += 16) {
      const u = f32x4.mul(f32x4.sub(v128.load(x + j), mean), factor);
      v128.store(unit + j, u);
      v128.store(out + j, multiplyAdd(u, v128.load(scale + j), v128.load(shift + j)));
    }
    x += width; out += width; unit += width; inverse += 4;
  }
}

// g = dy · scale; dx = (g − mean(g) − unit · mean(g · unit)) · inverse, dscale = Σ dy · unit, dshift = Σ dy over rows
export function layerNormBackward(
  dy: usize, unit: usize, inverse: usize, scale: usize, dx: usize, dscale: usize, dshift: usize, N: i32, D: i32,
): void {
  const width = <usize>D * 4;
  for (let j: usize = 0; j < width; j += 16) {
    v128.store(dscale + j, f32x4.splat(0));
    v128.store(dshift + j, f32x4.splat(0));
  }
  for (let row = 0; row < N; row++) {
    let sums = f32x4.splat(0), products = f32x4.splat(0);
    for (let j: usize = 0; j < width; j += 16) {
      const d = v128.load(dy + j), u = v128.load(unit + j);
      const g = f32x4.mul(d, v128.load(scale + j));
      sums = f32x4.add(sums, g);
      products = multiplyAdd(g, u, products);
      v128.store(dscale + j, multiplyAdd(d, u, v128.load(dscale + j)));
      v128.store(dshift + j, f32x4.add(d, v128.load(dshift + j)));
    }
    const mean = f32x4.splat(sumOfLanes(sums) / <f32>D);
    const along = f32x4.splat(sumOfLanes(products) / <f32>D);
    const factor = f32x4.splat(load<f32>(inverse));
    for (let j: usize = 0; j < width; j += 16) {
      const g = f32x4.mul(v128.load(dy + j), v128.load(scale + j));
      const rest = f32x4.sub(f32x4.sub(g, mean), f32x4.mul(v128.load(unit + j), along));
      v128.store(dx + j, f32x4.mul(rest, factor));
    }
    dy += width; unit += width; dx += width; inverse += 4;
  }
}

// the first `count` floats at p, `fill` after them
@inline
function loadTail(p: usize, count: i32, fill: f32): v128 {
  let v = f32x4.splat(fill);
  v = f32x4.replace_lane(v, 0, load<f32>(p));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

@inline
function storeTail(p: usize, count: i32, v: v128): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

// Rows of T floats, `rows` of them for each of B masks [B, T]: out = softmax(scale · x + mask)
export function maskedSoftmax(x: usize, mask: usize, out: usize, B: i32, rows: i32, T: i32, scale: f32): void {
  const whole = <usize>(T & ~3) * 4, width = <usize>T * 4, rest = T & 3;
  const factor = f32x4.splat(scale);
  for (let b = 0; b < B; b++) {
    for (let row = 0; row < rows; row++) {
      let tops = f32x4.splat(-3e38);
      for (let j: usize = 0; j < whole; j += 16) {
        const v = multiplyAdd(v128.load(x + j), factor, v128.load(mask + j));
        v128.store(out + j, v);
        tops = f32x4.max(tops, v);
      }
      if (rest > 0) {
        const v = multiplyAdd(loadTail(x + whole, rest, 0), factor, loadTail(mask + whole, rest, -3e38));
        storeTail(out + whole, rest, v);
        tops = f32x4.max(tops, v);
      }
      const top = f32x4.splat(
        max(
          max(f32x4.extract_lane(tops, 0), f32x4.extract_lane(tops, 1)),
          max(f32x4.extract_lane(tops, 2), f32x4.extract_lane(tops, 3)),
        ),
      );
      let sums = f32x4.splat(0);
      for (let j: usize = 0; j < whole; j += 16) {
        const e = exponential(f32x4.sub(v128.load(out + j), top));
        v128.store(out + j, e);
        sums = f32x4.add(sums, e);
      }
      if (rest > 0) {
        const e = exponential(f32x4.sub(loadTail(out + whole, rest, -3e38), top));
        storeTail(out + whole, rest, e);
        sums = f32x4.add(sums, e);
      }
      const share = f32x4.splat(<f32>1 / sumOfLanes(sums));
      for (let j: usize = 0; j < whole; j += 16) v128.store(out + j, f32x4.mul(v128.load(out + j), share));
      if (rest > 0) storeTail(out + whole, rest, f32x4.mul(loadTail(out + whole, rest, 0), share));
      x += width; out += width;
    }
    mask += width;
  }
}

// dx = scale · y · (dy − Σ y dy) by rows of T floats
export function softmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, T: i32, scale: f32): void {
  const whole = <usize>(T & ~3) * 4, width = <usize>T * 4, rest = T & 3;
  const factor = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    for (let j: usize = 0; j < whole; j += 16) sums = multiplyAdd(v128.load(y + j), v128.load(dy + j), sums);
    if (rest > 0) sums = multiplyAdd(loadTail(y + whole, rest, 0), loadTail(dy + whole, rest, 0), sums);
    const sum = f32x4.splat(sumOfLanes(sums));
    for (let j: usize = 0; j < whole; j += 16) {
      const slope = f32x4.mul(f32x4.sub(v128.load(dy + j), sum), factor);
      v128.store(dx + j, f32x4.mul(v128.load(y + j), slope));
    }
    if (rest > 0) {
      const slope = f32x4.mul(f32x4.sub(loadTail(dy + whole, rest, 0), sum), factor);
      storeTail(dx + whole, rest, f32x4.mul(loadTail(y + whole, rest, 0), slope));
    }
    y += width; dy += width; dx += width;
  }
}
