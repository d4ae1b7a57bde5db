// @ts-nocheck — AssemblyScript, see search.ts
import { product } from "./lanes";

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
