import { exponential, largestLane, sumOfLanes, withoutTail } from "./vector";

// Rows of student cosines s and teacher cosines t [M, N] (rows `stride` bytes apart, room for N rounded up to 4):
// s becomes the gradient g · (softmax(scale·s) − softmax(scale·t)), t is used up. With e = exp(scale·t − top):
// out[4i] = Σ e · scale (t − s), then Σ e, the same sum for s, and top of s − top of t, so that the row's divergence is
// out[0] / out[1] + log(out[2] / out[1]) + out[3].
export function teachRows(s: usize, t: usize, stride: usize, M: i32, N: i32, scale: f32, g: f32, out: usize): void {
  const wide = (N + 3) & ~3;
  const factor = f32x4.splat(scale);
  for (let i = 0; i < M; i++) {
    const topS = scaleRow(s, N, wide, factor);
    const topT = scaleRow(t, N, wide, factor);
    const highS = f32x4.splat(topS), highT = f32x4.splat(topT);
    let sumsS = f32x4.splat(0), sumsT = f32x4.splat(0), cross = f32x4.splat(0);
    for (let j = 0; j < wide; j += 4) {
      const o = <usize>j * 4;
      const vs = v128.load(s + o), vt = v128.load(t + o);
      let es = exponential(f32x4.sub(vs, highS)), et = exponential(f32x4.sub(vt, highT));
      let apart = f32x4.sub(vt, vs);
      if (j + 4 > N) {
        es = withoutTail(es, N - j);
        et = withoutTail(et, N - j);
        apart = withoutTail(apart, N - j);
      }
      v128.store(s + o, es);
      v128.store(t + o, et);
      sumsS = f32x4.add(sumsS, es);
      sumsT = f32x4.add(sumsT, et);
      cross = f32x4.add(cross, f32x4.mul(et, apart));
    }
    const sumS = sumOfLanes(sumsS), sumT = sumOfLanes(sumsT);
    store<f32>(out, sumOfLanes(cross));
    store<f32>(out, sumT, 4);
    store<f32>(out, sumS, 8);
    store<f32>(out, topS - topT, 12);
    const shareS = f32x4.splat(g / sumS), shareT = f32x4.splat(g / sumT);
    for (let j = 0; j < wide; j += 4) {
      const o = <usize>j * 4;
      v128.store(s + o, f32x4.sub(f32x4.mul(v128.load(s + o), shareS), f32x4.mul(v128.load(t + o), shareT)));
    }
    s += stride;
    t += stride;
    out += 16;
  }
}

// scales a row in place, its tail very low; the largest entry
@inline
function scaleRow(x: usize, N: i32, wide: i32, factor: v128): f32 {
  for (let j = N; j < wide; j++) store<f32>(x + <usize>j * 4, -1e30);
  let tops = f32x4.splat(-1e38);
  for (let j = 0; j < wide; j += 4) {
    const p = x + <usize>j * 4;
    const v = f32x4.mul(v128.load(p), factor);
    v128.store(p, v);
    tops = f32x4.max(tops, v);
  }
  return largestLane(tops);
}
