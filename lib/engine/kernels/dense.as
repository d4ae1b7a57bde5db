import { multiplyAdd, sumOfLanes } from "./vector";

// x[i, j] = act(x[i, j] + bias[j]), rows `stride` bytes apart; N any
export function biasAct(x: usize, stride: usize, bias: usize, M: i32, N: i32, relu: i32): void {
  const zero = f32x4.splat(0);
  const even = N & ~3;
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < even; j += 4) {
      const p = x + <usize>j * 4;
      let v = f32x4.add(v128.load(p), v128.load(bias + <usize>j * 4));
      if (relu) v = f32x4.max(v, zero);
      v128.store(p, v);
    }
    for (let j = even; j < N; j++) {
      const p = x + <usize>j * 4;
      const v = load<f32>(p) + load<f32>(bias + <usize>j * 4);
      store<f32>(p, relu ? max<f32>(v, 0) : v);
    }
    x += stride;
  }
}

// out[i] = y[i] > 0 ? dy[i] : 0
export function reluBackward(y: usize, dy: usize, out: usize, n: i32): void {
  const zero = f32x4.splat(0);
  const even = n & ~3;
  for (let i = 0; i < even; i += 4) {
    const o = <usize>i * 4;
    v128.store(out + o, v128.and(v128.load(dy + o), f32x4.gt(v128.load(y + o), zero)));
  }
  for (let i = even; i < n; i++) {
    const o = <usize>i * 4;
    store<f32>(out + o, load<f32>(y + o) > 0 ? load<f32>(dy + o) : 0);
  }
}

// out[j] = Σ_i x[i, j] for N columns of x, rows `stride` bytes apart
export function columnSums(x: usize, stride: usize, M: i32, N: i32, out: usize): void {
  const even = N & ~3;
  for (let j = 0; j < even; j += 4) {
    let sum = f32x4.splat(0);
    let p = x + <usize>j * 4;
    for (let i = 0; i < M; i++) {
      sum = f32x4.add(sum, v128.load(p));
      p += stride;
    }
    v128.store(out + <usize>j * 4, sum);
  }
  for (let j = even; j < N; j++) {
    let sum: f32 = 0;
    let p = x + <usize>j * 4;
    for (let i = 0; i < M; i++) {
      sum += load<f32>(p);
      p += stride;
    }
    store<f32>(out + <usize>j * 4, sum);
  }
}

// y = x / max(|x|, 1e-8) by rows of N floats; norms[i] = that divisor
export function unitRows(x: usize, y: usize, norms: usize, M: i32, N: i32): void {
  const even = N & ~3;
  for (let i = 0; i < M; i++) {
    let squares = f32x4.splat(0);
    for (let j = 0; j < even; j += 4) {
      const v = v128.load(x + <usize>j * 4);
      squares = multiplyAdd(v, v, squares);
    }
    let square = sumOfLanes(squares);
    for (let j = even; j < N; j++) square += load<f32>(x + <usize>j * 4) * load<f32>(x + <usize>j * 4);
    const norm = max<f32>(sqrt<f32>(square), 1e-8);
    store<f32>(norms + <usize>i * 4, norm);
    const inverse: f32 = <f32>1 / norm;
    const factor = f32x4.splat(inverse);
    for (let j = 0; j < even; j += 4) v128.store(y + <usize>j * 4, f32x4.mul(v128.load(x + <usize>j * 4), factor));
    for (let j = even; j < N; j++) store<f32>(y + <usize>j * 4, load<f32>(x + <usize>j * 4) * inverse);
    x += <usize>N * 4;
    y += <usize>N * 4;
  }
}

// dx = (dy − y (y · dy)) / norm; where the norm was the minimum, dy / norm. dx may be dy.
export function unitRowsBackward(y: usize, norms: usize, dy: usize, dx: usize, M: i32, N: i32): void {
  const even = N & ~3;
  for (let i = 0; i < M; i++) {
    const norm = load<f32>(norms + <usize>i * 4);
    let along: f32 = 0;
    if (norm > <f32>1e-8) {
      let sums = f32x4.splat(0);
      for (let j = 0; j < even; j += 4) sums = multiplyAdd(v128.load(y + <usize>j * 4), v128.load(dy + <usize>j * 4), sums);
      along = sumOfLanes(sums);
      for (let j = even; j < N; j++) along += load<f32>(y + <usize>j * 4) * load<f32>(dy + <usize>j * 4);
    }
    const inverse: f32 = <f32>1 / norm;
    const factor = f32x4.splat(inverse), minus = f32x4.splat(-along);
    for (let j = 0; j < even; j += 4) {
      const o = <usize>j * 4;
      v128.store(dx + o, f32x4.mul(multiplyAdd(v128.load(y + o), minus, v128.load(dy + o)), factor));
    }
    for (let j = even; j < N; j++) {
      const o = <usize>j * 4;
      store<f32>(dx + o, (load<f32>(dy + o) - load<f32>(y + o) * along) * inverse);
    }
    y += <usize>N * 4;
    dy += <usize>N * 4;
    dx += <usize>N * 4;
  }
}
