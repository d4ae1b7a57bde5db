import type { Kernels } from "../kernels/load.js";
import type { BatchRows } from "./batch-rows.js";
import type { ScratchLayout, WorkLayout } from "./layout.js";
import type { FusedPlan } from "./plan.js";

/** A cosine that no other reaches: its softmax is 0. */
const masked = -1e30;

/** What a step does between the towers: cosines, loss, and the gradients of unit rows. */
export class LossPart {
  private readonly scratch: ScratchLayout;

  constructor(
    private readonly plan: FusedPlan,
    private readonly work: WorkLayout,
    readonly kernels: Kernels,
    readonly ints: Int32Array,
    private readonly floats: Float32Array,
    private readonly rows: BatchRows,
    thread: number,
  ) {
    this.scratch = work.scratch[thread]!;
  }

  /** Losses of this thread's queries and the gradients of their unit rows. */
  queryRows(): void {
    const { work, rows, plan, kernels: k } = this;
    const { size, from, count } = rows;
    const { cosineStride: stride } = work;
    for (const start of rows.starts(0)) this.cosines(start);
    const own = work.cosines + from * stride;
    if (plan.loss.kind === "batch_softmax") {
      if (plan.masks) this.applyMask();
      const scale = 1 / plan.loss.temperature;
      k.softmaxRows(own, stride, count, size, from, scale, scale / size, work.rowLosses + from * 8);
    } else {
      const { margin, numNegatives } = plan.loss;
      const columns = Math.min(size, numNegatives + 1);
      const g = 1 / Math.max(1, columns * (size - 1));
      k.tripletRows(own, stride, count, size, from, columns, margin, g, work.rowLosses + from * 4);
    }
    this.slopes(from);
    if (rows.queries === size) return;
    const { weight, temperature } = plan.teaching!;
    const student = work.cosines + (size + from) * stride;
    const teacher = student + size * stride;
    const scale = 1 / temperature;
    const g = (weight * scale) / size;
    k.teachRows(student, teacher, stride, count, size, scale, g, work.teachingLosses + from * 16);
    this.slopes(size + from);
    const d = plan.outputDim;
    const clean = work.unitGradient[0] / 4 + (2 * size + from) * d;
    this.floats.fill(0, clean, clean + count * d); // the teacher is held constant
  }

  /** Gradients of this thread's documents, once all queries' losses are done. */
  documentRows(): void {
    const { work, rows, kernels: k } = this;
    const d = this.plan.outputDim * 4;
    const { from, count, size } = rows;
    const taught = rows.queries === size ? size : 2 * size;
    const columns = work.cosines + from * 4;
    const out = work.unitGradient[1] + from * d;
    const unit = work.unit[0];
    k.gemm(columns, 4, work.cosineStride, unit, d, 4, out, d, count, d / 4, taught, this.scratch.panel, 0);
  }

  /** The batch's loss; the same on every thread. */
  total(): number {
    const { plan, floats, work } = this;
    const { size } = this.rows;
    const at = work.rowLosses / 4;
    let sum = 0;
    if (plan.loss.kind === "batch_softmax") {
      for (let i = 0; i < size; i++) sum += Math.log(floats[at + 2 * i]!) + floats[at + 2 * i + 1]!;
      return sum / size + (plan.teaching?.weight ?? 0) * this.divergence();
    }
    for (let i = 0; i < size; i++) sum += floats[at + i]!;
    return sum / Math.max(1, Math.min(size, plan.loss.numNegatives + 1) * (size - 1));
  }

  /** Mean divergence of misspelled from clean queries, in nats; 0 without self-teaching. */
  divergence(): number {
    const { size, queries } = this.rows;
    if (queries === size) return 0;
    let sum = 0;
    for (let i = 0, at = this.work.teachingLosses / 4; i < size; i++, at += 4) {
      const [cross, teacher, student, apart] = this.floats.subarray(at, at + 4);
      sum += cross! / teacher! + Math.log(student! / teacher!) + apart!;
    }
    return sum / size;
  }

  private cosines(start: number): void {
    const { work, rows, kernels: k } = this;
    const d = this.plan.outputDim * 4;
    const { cosineStride: stride } = work;
    const a = work.unit[0] + start * d;
    const c = work.cosines + start * stride;
    k.gemm(a, d, 4, work.unit[1], 4, d, c, stride, rows.count, rows.size, d / 4, this.scratch.panel, 0);
  }

  /** Gradients of unit rows from those of their cosines. */
  private slopes(start: number): void {
    const { work, rows, kernels: k } = this;
    const d = this.plan.outputDim * 4;
    const { cosineStride: stride } = work;
    const c = work.cosines + start * stride;
    const to = work.unitGradient[0] + start * d;
    k.gemm(c, stride, 4, work.unit[1], d, 4, to, d, rows.count, d / 4, rows.size, this.scratch.panel, 0);
  }

  private applyMask(): void {
    const { work, ints, floats } = this;
    const { from, to, size } = this.rows;
    const words = Math.ceil(size / 32);
    for (let i = from; i < to; i++) {
      const row = (work.cosines + i * work.cosineStride) / 4;
      const bits = work.mask / 4 + i * work.maskWords;
      for (let w = 0; w < words; w++)
        for (let left = ints[bits + w]!; left !== 0; left &= left - 1)
          floats[row + w * 32 + 31 - Math.clz32(left & -left)] = masked;
    }
  }
}
