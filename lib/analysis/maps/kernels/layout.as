// AssemblyScript: one epoch of UMAP's layout by stochastic gradient descent, McInnes, Healy & Melville 2018, algorithm 5.
// Without fused multiply-add, whose rounding differs: the bytes are the same on every machine.

const LEAST: f32 = 1e-12;
const MOST_STEP: f32 = 4;

// log2 of positive lanes, to 2e-6: the exponent, and a polynomial in m − 1 for m in [1, 2)
@inline
function log2(x: v128): v128 {
  const exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(127)));
  const one = f32x4.splat(1);
  const f = f32x4.sub(v128.or(v128.and(x, i32x4.splat(0x7fffff)), one), one);
  let p = f32x4.splat(0.0200166499);
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.0946268096));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.213943212));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.338377198));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.477496364));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.721144092));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(1.44269298));
  return f32x4.add(exponent, f32x4.mul(p, f));
}

// 2 to the power of lanes in (−126, 127), to 2e-7: whole part as exponent, a polynomial for the rest
@inline
function exp2(x: v128): v128 {
  const whole = f32x4.floor(x);
  const f = f32x4.sub(x, whole);
  let p = f32x4.splat(0.00189375406);
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.00894959042));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.0558603371));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.240141818));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.69315449));
  p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.999999898));
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
  return f32x4.mul(p, exponent);
}

@inline
function limited(x: v128): v128 {
  return f32x4.max(f32x4.min(x, f32x4.splat(MOST_STEP)), f32x4.splat(-MOST_STEP));
}

// Lanes summed as (0 + 2) + (1 + 3).
@inline
function laneSum(x: v128): f32 {
  const halves = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1);
}

// Every edge that is due in `epoch` draws its ends together and pushes its head from four points drawn at random, which
// count `weight` each. points: [n, 2] floats, moved; heads, tails: [edges] i32; periods, due: [edges]
// floats, epochs between visits and the next one; state: 4 × 4 words of xorshift128, a generator a lane.
export function layoutEpoch(points: usize, n: i32, heads: usize, tails: usize, periods: usize, due: usize, edges: i32, epoch: f32, rate: f32, a: f32, b: f32, weight: f32, state: usize): void {
  let s0 = v128.load(state), s1 = v128.load(state, 16), s2 = v128.load(state, 32), s3 = v128.load(state, 48);
  const scale = f32x4.splat(a), power = f32x4.splat(b), one = f32x4.splat(1), least = f32x4.splat(LEAST);
  const repulsion = f32x4.splat(2 * b), near = f32x4.splat(0.001), count = i32x4.splat(n);
  const pull: f32 = -2 * a * b;
  for (let e: usize = 0; e < <usize>edges; e++) {
    const at = e << 2;
    const next = load<f32>(due + at);
    if (next > epoch) continue;
    store<f32>(due + at, next + load<f32>(periods + at));
    const head = points + (<usize>load<u32>(heads + at) << 3);
    const tail = points + (<usize>load<u32>(tails + at) << 3);
    let x = load<f32>(head), y = load<f32>(head, 4);
    const tx = load<f32>(tail), ty = load<f32>(tail, 4);
    let dx = x - tx, dy = y - ty;
    const square = max<f32>(dx * dx + dy * dy, LEAST);
    const raised = f32x4.extract_lane(exp2(f32x4.mul(power, log2(f32x4.splat(square)))), 0);
    const factor: f32 = (pull * raised) / (square * (a * raised + 1));
    dx = rate * max<f32>(-MOST_STEP, min<f32>(MOST_STEP, factor * dx));
    dy = rate * max<f32>(-MOST_STEP, min<f32>(MOST_STEP, factor * dy));
    x += dx;
    y += dy;
    store<f32>(head, x);
    store<f32>(head, y, 4);
    store<f32>(tail, tx - dx);
    store<f32>(tail, ty - dy, 4);
    const t = v128.xor(s0, i32x4.shl(s0, 11));
    s0 = s1;
    s1 = s2;
    s2 = s3;
    s3 = v128.xor(v128.xor(s3, i32x4.shr_u(s3, 19)), v128.xor(t, i32x4.shr_u(t, 8)));
    // n · word / 2^32: the upper halves of the products
    const low = i64x2.extmul_low_i32x4_u(s3, count), high = i64x2.extmul_high_i32x4_u(s3, count);
    const p0 = v128.load64_zero(points + (<usize>(<u32>i32x4.extract_lane(low, 1)) << 3));
    const p1 = v128.load64_zero(points + (<usize>(<u32>i32x4.extract_lane(low, 3)) << 3));
    const p2 = v128.load64_zero(points + (<usize>(<u32>i32x4.extract_lane(high, 1)) << 3));
    const p3 = v128.load64_zero(points + (<usize>(<u32>i32x4.extract_lane(high, 3)) << 3));
    const q0 = v128.shuffle<i64>(p0, p1, 0, 2), q1 = v128.shuffle<i64>(p2, p3, 0, 2);
    const ex = f32x4.sub(f32x4.splat(x), v128.shuffle<i32>(q0, q1, 0, 2, 4, 6));
    const ey = f32x4.sub(f32x4.splat(y), v128.shuffle<i32>(q0, q1, 1, 3, 5, 7));
    const squares = f32x4.add(f32x4.mul(ex, ex), f32x4.mul(ey, ey));
    const lifted = exp2(f32x4.mul(power, log2(f32x4.max(squares, least))));
    const push = f32x4.div(repulsion, f32x4.mul(f32x4.add(near, squares), f32x4.add(f32x4.mul(scale, lifted), one)));
    x += rate * weight * laneSum(limited(f32x4.mul(push, ex)));
    y += rate * weight * laneSum(limited(f32x4.mul(push, ey)));
    store<f32>(head, x);
    store<f32>(head, y, 4);
  }
  v128.store(state, s0);
  v128.store(state, s1, 16);
  v128.store(state, s2, 32);
  v128.store(state, s3, 48);
}
