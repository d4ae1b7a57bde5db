import { multiplyAdd } from "./vector";

// Rows of an embedding table: `stride` bytes each; parameters first, state arrays after them, `dim` floats apiece
// (a multiple of 4).

// Mean of the rows of each bag. ids [size, length]; id 0 is padding unless countZero. Bag b goes to out + b·outStride,
// 1 / (its number of ids), or 0, to shares[b].
export function bagForward(
  ids: usize, length: i32, size: i32, countZero: i32,
  table: usize, stride: usize, dim: i32,
  out: usize, outStride: usize, shares: usize,
): void {
  for (let b = 0; b < size; b++) {
    let count = length, end = length; // end: of the last id that counts, so that padding costs one pass
    if (!countZero) {
      count = 0;
      end = 0;
      for (let j = 0; j < length; j++)
        if (load<i32>(ids + <usize>j * 4) != 0) {
          count++;
          end = j + 1;
        }
    }
    const share: f32 = count ? <f32>1 / <f32>count : 0;
    store<f32>(shares + <usize>b * 4, share);
    const factor = f32x4.splat(share);
    let d = 0;
    for (; d + 32 <= dim; d += 32) {
      let x0 = f32x4.splat(0), x1 = f32x4.splat(0), x2 = f32x4.splat(0), x3 = f32x4.splat(0);
      let x4 = f32x4.splat(0), x5 = f32x4.splat(0), x6 = f32x4.splat(0), x7 = f32x4.splat(0);
      for (let j = 0; j < end; j++) {
        const id = load<i32>(ids + <usize>j * 4);
        if (id == 0 && !countZero) continue;
        const row = table + <usize>id * stride + <usize>d * 4;
        x0 = f32x4.add(x0, v128.load(row));
        x1 = f32x4.add(x1, v128.load(row, 16));
        x2 = f32x4.add(x2, v128.load(row, 32));
        x3 = f32x4.add(x3, v128.load(row, 48));
        x4 = f32x4.add(x4, v128.load(row, 64));
        x5 = f32x4.add(x5, v128.load(row, 80));
        x6 = f32x4.add(x6, v128.load(row, 96));
        x7 = f32x4.add(x7, v128.load(row, 112));
      }
      const to = out + <usize>d * 4;
      v128.store(to, f32x4.mul(x0, factor));
      v128.store(to, f32x4.mul(x1, factor), 16);
      v128.store(to, f32x4.mul(x2, factor), 32);
      v128.store(to, f32x4.mul(x3, factor), 48);
      v128.store(to, f32x4.mul(x4, factor), 64);
      v128.store(to, f32x4.mul(x5, factor), 80);
      v128.store(to, f32x4.mul(x6, factor), 96);
      v128.store(to, f32x4.mul(x7, factor), 112);
    }
    for (; d < dim; d += 4) {
      let x = f32x4.splat(0);
      for (let j = 0; j < end; j++) {
        const id = load<i32>(ids + <usize>j * 4);
        if (id != 0 || countZero) x = f32x4.add(x, v128.load(table + <usize>id * stride + <usize>d * 4));
      }
      v128.store(out + <usize>d * 4, f32x4.mul(x, factor));
    }
    ids += <usize>length * 4;
    out += outStride;
  }
}

// out[u] = factors[u] · the sum of the rows of `from` (stride bytes apart) listed in ids[starts[u] … starts[u + 1]), for u < n;
// factors 0: none. Empty spans give zeros.
export function sumSpans(
  n: i32, ids: usize, starts: usize,
  from: usize, stride: usize, dim: i32,
  factors: usize, out: usize, outStride: usize,
): void {
  let at = ids + <usize>load<i32>(starts) * 4;
  for (let u = 0; u < n; u++) {
    const end = ids + <usize>load<i32>(starts + <usize>(u + 1) * 4) * 4;
    const factor = f32x4.splat(factors ? load<f32>(factors + <usize>u * 4) : 1);
    let d = 0;
    for (; d + 32 <= dim; d += 32) {
      const column = from + <usize>d * 4;
      let x0 = f32x4.splat(0), x1 = f32x4.splat(0), x2 = f32x4.splat(0), x3 = f32x4.splat(0);
      let x4 = f32x4.splat(0), x5 = f32x4.splat(0), x6 = f32x4.splat(0), x7 = f32x4.splat(0);
      for (let p = at; p < end; p += 4) {
        const row = column + <usize>load<i32>(p) * stride;
        x0 = f32x4.add(x0, v128.load(row));
        x1 = f32x4.add(x1, v128.load(row, 16));
        x2 = f32x4.add(x2, v128.load(row, 32));
        x3 = f32x4.add(x3, v128.load(row, 48));
        x4 = f32x4.add(x4, v128.load(row, 64));
        x5 = f32x4.add(x5, v128.load(row, 80));
        x6 = f32x4.add(x6, v128.load(row, 96));
        x7 = f32x4.add(x7, v128.load(row, 112));
      }
      const to = out + <usize>d * 4;
      v128.store(to, f32x4.mul(x0, factor));
      v128.store(to, f32x4.mul(x1, factor), 16);
      v128.store(to, f32x4.mul(x2, factor), 32);
      v128.store(to, f32x4.mul(x3, factor), 48);
      v128.store(to, f32x4.mul(x4, factor), 64);
      v128.store(to, f32x4.mul(x5, factor), 80);
      v128.store(to, f32x4.mul(x6, factor), 96);
      v128.store(to, f32x4.mul(x7, factor), 112);
    }
    for (; d < dim; d += 4) {
      let x = f32x4.splat(0);
      for (let p = at; p < end; p += 4) x = f32x4.add(x, v128.load(from + <usize>load<i32>(p) * stride + <usize>d * 4));
      v128.store(out + <usize>d * 4, f32x4.mul(x, factor));
    }
    at = end;
    out += outStride;
  }
}

// sumSpans with each row times its weight, weights[id]: for tables whose rows do not count alike
export function sumWeightedSpans(
  n: i32, ids: usize, starts: usize,
  from: usize, stride: usize, dim: i32,
  weights: usize, out: usize, outStride: usize,
): void {
  let at = ids + <usize>load<i32>(starts) * 4;
  for (let u = 0; u < n; u++) {
    const end = ids + <usize>load<i32>(starts + <usize>(u + 1) * 4) * 4;
    let d = 0;
    for (; d + 16 <= dim; d += 16) {
      const column = from + <usize>d * 4;
      let x0 = f32x4.splat(0), x1 = f32x4.splat(0), x2 = f32x4.splat(0), x3 = f32x4.splat(0);
      for (let p = at; p < end; p += 4) {
        const id = <usize>load<i32>(p);
        const row = column + id * stride;
        const weight = v128.load32_splat(weights + id * 4);
        x0 = multiplyAdd(weight, v128.load(row), x0);
        x1 = multiplyAdd(weight, v128.load(row, 16), x1);
        x2 = multiplyAdd(weight, v128.load(row, 32), x2);
        x3 = multiplyAdd(weight, v128.load(row, 48), x3);
      }
      const to = out + <usize>d * 4;
      v128.store(to, x0);
      v128.store(to, x1, 16);
      v128.store(to, x2, 32);
      v128.store(to, x3, 48);
    }
    for (; d < dim; d += 4) {
      let x = f32x4.splat(0);
      for (let p = at; p < end; p += 4) {
        const id = <usize>load<i32>(p);
        x = multiplyAdd(v128.load32_splat(weights + id * 4), v128.load(from + id * stride + <usize>d * 4), x);
      }
      v128.store(out + <usize>d * 4, x);
    }
    at = end;
    out += outStride;
  }
}

// to[i] = from[i] · shares[i] by rows of dim floats
export function scaleRows(from: usize, fromStride: usize, to: usize, shares: usize, size: i32, dim: i32): void {
  for (let i = 0; i < size; i++) {
    const factor = f32x4.splat(load<f32>(shares + <usize>i * 4));
    for (let d = 0; d < dim; d += 4) v128.store(to + <usize>d * 4, f32x4.mul(v128.load(from + <usize>d * 4), factor));
    from += fromStride;
    to += <usize>dim * 4;
  }
}

// Groups ids by row: the distinct rows in order of first appearance, ends[u] = end of row u's span in `bags`, which
// lists the bags that the row occurs in (repeats kept), in order. Bag numbers count on from `bags0`. Only ids with
// id % parts == part take part, so that workers can share rows out between them. slots: one i32 per table row, all
// zero before and after. Two passes per part of ids: countRows for each, then placeRows for each, then clearRows.
export function countRows(ids: usize, n: i32, countZero: i32, slots: usize, rows: usize, ends: usize, u: i32, part: i32, parts: i32): i32 {
  for (let i = 0; i < n; i++) {
    const id = load<i32>(ids + <usize>i * 4);
    if (id == 0 && !countZero) continue;
    if (parts > 1 && id % parts != part) continue;
    const slot = slots + <usize>id * 4;
    let s = load<i32>(slot);
    if (s == 0) {
      store<i32>(rows + <usize>u * 4, id);
      store<i32>(ends + <usize>u * 4, 0);
      s = ++u;
      store<i32>(slot, s);
    }
    const count = ends + <usize>(s - 1) * 4;
    store<i32>(count, load<i32>(count) + 1);
  }
  return u;
}

// Brings the rows counted so far, with their counts, into ascending order, so that they are met in memory as they lie; `spare` has
// room for u. For tables of few rows beside those in use: every slot is looked at.
export function orderRows(slots: usize, tableRows: i32, rows: usize, ends: usize, u: i32, spare: usize, part: i32, parts: i32): void {
  let v = 0;
  for (let id = 0; id < tableRows; id += 4) {
    const four = slots + <usize>id * 4;
    if (id + 4 <= tableRows && !v128.any_true(v128.load(four))) continue;
    for (let lane = id; lane < min(id + 4, tableRows); lane++) {
      if (parts > 1 && lane % parts != part) continue;
      const slot = slots + <usize>lane * 4;
      const s = load<i32>(slot);
      if (s == 0) continue;
      store<i32>(spare + <usize>v * 4, load<i32>(ends + <usize>(s - 1) * 4));
      store<i32>(rows + <usize>v * 4, lane);
      store<i32>(slot, ++v);
    }
  }
  memory.copy(ends, spare, <usize>u * 4);
}

// counts → starts
export function startRows(ends: usize, u: i32): void {
  let sum = 0;
  for (let i = 0; i < u; i++) {
    const p = ends + <usize>i * 4;
    const count = load<i32>(p);
    store<i32>(p, sum);
    sum += count;
  }
}

// fills `bags`; starts become ends
export function placeRows(ids: usize, length: i32, size: i32, countZero: i32, slots: usize, ends: usize, bags: usize, bags0: i32, part: i32, parts: i32): void {
  for (let b = 0; b < size; b++) {
    for (let j = 0; j < length; j++) {
      const id = load<i32>(ids);
      ids += 4;
      if (id == 0 && !countZero) continue;
      if (parts > 1 && id % parts != part) continue;
      const end = ends + <usize>(load<i32>(slots + <usize>id * 4) - 1) * 4;
      const k = load<i32>(end);
      store<i32>(bags + <usize>k * 4, bags0 + b);
      store<i32>(end, k + 1);
    }
  }
}

// placeRows for bags of any length without padding: bag b lists ids[starts[b] … starts[b + 1])
export function placeSpans(ids: usize, starts: usize, n: i32, slots: usize, ends: usize, bags: usize, bags0: i32, part: i32, parts: i32): void {
  let at = ids + <usize>load<i32>(starts) * 4;
  for (let b = 0; b < n; b++) {
    for (const end = ids + <usize>load<i32>(starts + <usize>(b + 1) * 4) * 4; at < end; at += 4) {
      const id = load<i32>(at);
      if (parts > 1 && id % parts != part) continue;
      const p = ends + <usize>(load<i32>(slots + <usize>id * 4) - 1) * 4;
      const k = load<i32>(p);
      store<i32>(bags + <usize>k * 4, bags0 + b);
      store<i32>(p, k + 1);
    }
  }
}

export function clearRows(rows: usize, u: i32, slots: usize): void {
  for (let i = 0; i < u; i++) store<i32>(slots + <usize>load<i32>(rows + <usize>i * 4) * 4, 0);
}
