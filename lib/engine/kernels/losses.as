import { exponential, largestLane, sumOfLanes, withoutTail } from "./vector";

// Rows of cosines s [M, N] (rows `stride` bytes apart, a multiple of 16 with room for N rounded up to 4) become the
// gradient g · (softmax(scale · s) − 1[own column]); row i's own column is first + i. out[2i] = Σ exp(scale·s − top),
// out[2i + 1] = top − own, so that the row's loss is log(out[2i]) + out[2i + 1].
export function softmaxRows(s: usize, stride: usize, M: i32, N: i32, first: i32, scale: f32, g: f32, out: usize): void {
  const wide = (N + 3) & ~3;
  const factor = f32x4.splat(scale);
  for (let i = 0; i < M; i++) {
    for (let j = N; j < wide; j++) store<f32>(s + <usize>j * 4, -1e30);
    let tops = f32x4.splat(-1e38);
    for (let j = 0; j < wide; j += 4) {
      const p = s + <usize>j * 4;
      const v = f32x4.mul(v128.load(p), factor);
      v128.store(p, v);
      tops = f32x4.max(tops, v);
    }
    const top = largestLane(tops);
    const topLanes = f32x4.splat(top);
    const own = s + <usize>(first + i) * 4;
    store<f32>(out, top - load<f32>(own), 4);
    let sums = f32x4.splat(0);
    for (let j = 0; j < wide; j += 4) {
      const p = s + <usize>j * 4;
      let e = exponential(f32x4.sub(v128.load(p), topLanes));
      if (j + 4 > N) e = withoutTail(e, N - j);
      v128.store(p, e);
      sums = f32x4.add(sums, e);
    }
    const sum = sumOfLanes(sums);
    store<f32>(out, sum);
    const share = f32x4.splat(g / sum);
    for (let j = 0; j < wide; j += 4) {
      const p = s + <usize>j * 4;
      v128.store(p, f32x4.mul(v128.load(p), share));
    }
    store<f32>(own, load<f32>(own) - g);
    s += stride;
    out += 8;
  }
}

// Rows of cosines s [M, N] become the gradient of Σ over columns j ≠ own, j < columns of max(0, s_j − s_own + margin),
// times g; out[i] = that sum.
export function tripletRows(s: usize, stride: usize, M: i32, N: i32, first: i32, columns: i32, margin: f32, g: f32, out: usize): void {
  for (let i = 0; i < M; i++) {
    const own = first + i;
    const bar = load<f32>(s + <usize>own * 4) - margin;
    let sum: f32 = 0;
    let active = 0;
    for (let j = 0; j < N; j++) {
      const p = s + <usize>j * 4;
      const term = load<f32>(p) - bar;
      if (j != own && j < columns && !(term <= 0)) { // NaN counts, so that it is seen
        sum += term;
        active++;
        store<f32>(p, g);
      } else store<f32>(p, 0);
    }
    store<f32>(s + <usize>own * 4, -g * <f32>active);
    store<f32>(out, sum);
    s += stride;
    out += 4;
  }
}
