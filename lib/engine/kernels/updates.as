import { firstMoments, packMoments, rowCounter, secondMoments } from "./packed";
import { multiplyAdd } from "./vector";

// Update rules on spans of n floats (n a multiple of 4): 0 = Adam (state m, v), 1 = gradient descent (no state),
// 2 = Adagrad (state sum), 3 = Adam with both moments in one word, rounded by `counter`. `state` points at the first
// state array, the next lies `apart` bytes on.
@inline
function update4(rule: i32, p: usize, g: v128, state: usize, apart: usize, keep: v128, first: v128, second: v128, rate: v128, floor: v128, counter: v128): void {
  if (rule == 0) {
    const m0 = v128.load(state), v0 = v128.load(state + apart);
    const m = multiplyAdd(first, f32x4.sub(g, m0), m0);
    const v = multiplyAdd(second, f32x4.sub(f32x4.mul(g, g), v0), v0);
    v128.store(state, m);
    v128.store(state + apart, v);
    const move = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(v), floor));
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), keep), move));
  } else if (rule == 1) {
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(rate, g)));
  } else if (rule == 3) {
    const words = v128.load(state);
    const m0 = firstMoments(words), v0 = secondMoments(words);
    const m = multiplyAdd(first, f32x4.sub(g, m0), m0);
    const v = multiplyAdd(second, f32x4.sub(f32x4.mul(g, g), v0), v0);
    v128.store(state, packMoments(m, v, counter));
    const move = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(v), floor));
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), keep), move));
  } else {
    const sum = multiplyAdd(g, g, v128.load(state));
    v128.store(state, sum);
    v128.store(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(rate, g), f32x4.add(f32x4.sqrt(sum), floor))));
  }
}

// dense parameters
export function updateSpan(rule: i32, p: usize, g: usize, state: usize, apart: usize, n: i32, keep: f32, first: f32, second: f32, rate: f32, floor: f32): void {
  const k = f32x4.splat(keep), f = f32x4.splat(first), s = f32x4.splat(second), r = f32x4.splat(rate), e = f32x4.splat(floor);
  for (let i = 0; i < n; i += 4) {
    const o = <usize>i * 4;
    update4(rule, p + o, v128.load(g + o), state + o, apart, k, f, s, r, e, k);
  }
}

// rows of a table: the gradient of rows[u] is the sum of the gradients (dim floats, gradientStride bytes apart) of the
// bags listed in bags[ends[u − 1] … ends[u]), times weights[rows[u]] (weights 0: times 1); `seed` is that of the step for rule 3
export function updateRows(
  rule: i32, u0: i32, u1: i32, rows: usize, ends: usize, bags: usize,
  gradients: usize, gradientStride: usize, weights: usize,
  table: usize, stride: usize, dim: i32,
  keep: f32, first: f32, second: f32, rate: f32, floor: f32, seed: i32,
): void {
  const k = f32x4.splat(keep), f = f32x4.splat(first), s = f32x4.splat(second), r = f32x4.splat(rate), e = f32x4.splat(floor);
  const apart = <usize>dim * 4;
  let begin = u0 > 0 ? load<i32>(ends + <usize>(u0 - 1) * 4) : 0;
  for (let u = u0; u < u1; u++) {
    const end = load<i32>(ends + <usize>u * 4);
    const id = load<i32>(rows + <usize>u * 4);
    const row = table + <usize>id * stride;
    let counter = rowCounter(id, seed);
    const weight = f32x4.splat(weights ? load<f32>(weights + <usize>id * 4) : 1);
    let d = 0;
    for (; d + 16 <= dim; d += 16) {
      const o = <usize>d * 4;
      let from = gradients + <usize>load<i32>(bags + <usize>begin * 4) * gradientStride + o;
      let g0 = v128.load(from), g1 = v128.load(from, 16), g2 = v128.load(from, 32), g3 = v128.load(from, 48);
      for (let i = begin + 1; i < end; i++) {
        from = gradients + <usize>load<i32>(bags + <usize>i * 4) * gradientStride + o;
        g0 = f32x4.add(g0, v128.load(from));
        g1 = f32x4.add(g1, v128.load(from, 16));
        g2 = f32x4.add(g2, v128.load(from, 32));
        g3 = f32x4.add(g3, v128.load(from, 48));
      }
      if (weights) {
        g0 = f32x4.mul(g0, weight);
        g1 = f32x4.mul(g1, weight);
        g2 = f32x4.mul(g2, weight);
        g3 = f32x4.mul(g3, weight);
      }
      const p = row + o, state = row + apart + o;
      update4(rule, p, g0, state, apart, k, f, s, r, e, counter);
      update4(rule, p + 16, g1, state + 16, apart, k, f, s, r, e, i32x4.add(counter, i32x4.splat(4)));
      update4(rule, p + 32, g2, state + 32, apart, k, f, s, r, e, i32x4.add(counter, i32x4.splat(8)));
      update4(rule, p + 48, g3, state + 48, apart, k, f, s, r, e, i32x4.add(counter, i32x4.splat(12)));
      counter = i32x4.add(counter, i32x4.splat(16));
    }
    for (; d < dim; d += 4) {
      const o = <usize>d * 4;
      let g = f32x4.splat(0);
      for (let i = begin; i < end; i++)
        g = f32x4.add(g, v128.load(gradients + <usize>load<i32>(bags + <usize>i * 4) * gradientStride + o));
      update4(rule, row + o, f32x4.mul(g, weight), row + apart + o, apart, k, f, s, r, e, counter);
      counter = i32x4.add(counter, i32x4.splat(4));
    }
    begin = end;
  }
}

// Carries Adam's rows[u] over skipped steps; factors[7u …] = keep, pull1, floor1, pull2, floor2, first, second. packed: both
// moments in one word, rounded by `seed`.
export function catchUpRows(n: i32, rows: usize, factors: usize, table: usize, stride: usize, dim: i32, packed: i32, seed: i32): void {
  const apart = <usize>dim * 4;
  for (let u = 0; u < n; u++) {
    const keep = v128.load32_splat(factors), pull1 = v128.load32_splat(factors, 4), floor1 = v128.load32_splat(factors, 8);
    const pull2 = v128.load32_splat(factors, 12), floor2 = v128.load32_splat(factors, 16);
    const first = v128.load32_splat(factors, 20), second = v128.load32_splat(factors, 24);
    const two = load<f32>(factors, 12) != 0;
    const id = load<i32>(rows + <usize>u * 4);
    let p = table + <usize>id * stride;
    let counter = rowCounter(id, seed);
    for (let d = 0; d < dim; d += 4) {
      let m = v128.load(p + apart), v = m;
      if (packed) {
        v = secondMoments(m);
        m = firstMoments(m);
      } else v = v128.load(p + 2 * apart);
      const root = f32x4.sqrt(v);
      let pull = f32x4.div(pull1, f32x4.add(root, floor1));
      if (two) pull = f32x4.add(pull, f32x4.div(pull2, f32x4.add(root, floor2)));
      v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), keep), f32x4.mul(m, pull)));
      m = f32x4.mul(m, first);
      v = f32x4.mul(v, second);
      if (packed) {
        v128.store(p + apart, packMoments(m, v, counter));
        counter = i32x4.add(counter, i32x4.splat(4));
      } else {
        v128.store(p + apart, m);
        v128.store(p + 2 * apart, v);
      }
      p += 16;
    }
    factors += 28;
  }
}
