import { laneSums, product, step } from "./lanes";

/** out[i] = 1 / max(‖row i‖, 1e-8) */
export function inverseNorms(rows: usize, count: i32, stride: usize, out: usize): void {
  for (let i = 0; i < count; i++) {
    store<f32>(out, <f32>1 / max<f32>(sqrt<f32>(product(rows, rows, stride)), 1e-8));
    rows += stride; out += 4;
  }
}

/** Multiplies each row by its factor. */
export function scaleRows(rows: usize, count: i32, stride: usize, factors: usize): void {
  for (let i = 0; i < count; i++) {
    const f = v128.load32_splat(factors);
    for (let o: usize = 0; o < stride; o += 16) v128.store(rows + o, f32x4.mul(v128.load(rows + o), f));
    rows += stride; factors += 4;
  }
}

/** out[i] = min(out[i], ‖row i − point‖²) */
export function lowerDistances(rows: usize, count: i32, stride: usize, point: usize, out: usize): void {
  for (let i = 0; i < count; i++) {
    let sum = f32x4.splat(0);
    for (let o: usize = 0; o < stride; o += 16) sum = step(true, v128.load(rows + o), v128.load(point + o), sum);
    const distance = f32x4.extract_lane(laneSums(sum, sum, sum, sum), 0);
    if (distance < load<f32>(out)) store<f32>(out, distance);
    rows += stride; out += 4;
  }
}
