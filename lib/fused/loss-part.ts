import type { Kernels } from "../engine/kernels/kernels.js";
import type { BatchRows } from "./batch-rows.js";
import type { ScratchLayout, WorkLayout } from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";

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
    this.cosines(from);
    const own = work.cosines + from * stride;
    if (plan.loss.kind === "batch_softmax") {
      if (plan.masks) this.applyMask(work.cosines, work.mask);
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
    const { weight, contrastive = 0 } = plan.teaching!;
    if (weight > 0) this.teach(weight);
    if (contrastive > 0) this.align(contrastive, weight > 0);
    else this.clearSlopes(2 * size + from); // the teacher is held constant
    if (weight === 0 && contrastive === 0) this.clearSlopes(size + from);
  }

  /** Teaches this thread's misspelled queries the scores of the clean ones. */
  private teach(weight: number): void {
    const { work, rows, plan, kernels: k } = this;
    const { size, from, count } = rows;
    const { cosineStride: stride } = work;
    const { temperature } = plan.teaching!;
    for (const part of [1, 2]) this.cosines(part * size + from);
    const student = work.cosines + (size + from) * stride;
    const teacher = student + size * stride;
    const scale = 1 / temperature;
    const g = (weight * scale) / size;
    k.teachRows(student, teacher, stride, count, size, scale, g, work.teachingLosses + from * 16);
    this.slopes(size + from);
  }

  /** Draws this thread's misspelled queries to their clean ones and from the other clean ones; `add`: to slopes that are there. */
  private align(weight: number, add: boolean): void {
    const { work, rows, plan, kernels: k, scratch } = this;
    const { size, from, count } = rows;
    const { cosineStride: stride, aligned } = work;
    const d = plan.outputDim * 4;
    const misspelled = (size + from) * d;
    const clean = work.unit[0] + 2 * size * d;
    const own = aligned + from * stride;
    k.gemm(work.unit[0] + misspelled, d, 4, clean, 4, d, own, stride, count, size, d / 4, scratch.panel, 0);
    this.applyMask(aligned, work.sameQueries);
    const scale = 1 / plan.teaching!.temperature;
    k.softmaxRows(
      own,
      stride,
      count,
      size,
      from,
      scale,
      (weight * scale) / size,
      work.alignedLosses + from * 8,
    );
    const to = work.unitGradient[0] + misspelled;
    k.gemm(own, stride, 4, clean, d, 4, to, d, count, d / 4, size, scratch.panel, add ? 1 : 0);
  }

  private clearSlopes(start: number): void {
    const d = this.plan.outputDim;
    const at = this.work.unitGradient[0] / 4 + start * d;
    this.floats.fill(0, at, at + this.rows.count * d);
  }

  /** Gradients of this thread's documents, and of clean queries that others were aligned with, once all queries' losses are done. */
  documentRows(): void {
    const { work, rows, kernels: k } = this;
    const d = this.plan.outputDim * 4;
    const { from, count, size } = rows;
    const { weight = 0, contrastive = 0 } = (rows.queries === size ? null : this.plan.teaching) ?? {};
    const taught = weight > 0 ? 2 * size : size;
    const columns = work.cosines + from * 4;
    const out = work.unitGradient[1] + from * d;
    const unit = work.unit[0];
    const { panel } = this.scratch;
    k.gemm(columns, 4, work.cosineStride, unit, d, 4, out, d, count, d / 4, taught, panel, 0);
    if (contrastive === 0) return;
    const clean = work.unitGradient[0] + (2 * size + from) * d;
    const misspelled = unit + size * d;
    k.gemm(
      work.aligned + from * 4,
      4,
      work.cosineStride,
      misspelled,
      d,
      4,
      clean,
      d,
      count,
      d / 4,
      size,
      panel,
      0,
    );
  }

  /** The batch's loss; the same on every thread. */
  total(): number {
    const { plan, floats, work } = this;
    const { size } = this.rows;
    const at = work.rowLosses / 4;
    let sum = 0;
    if (plan.loss.kind === "batch_softmax") {
      const { weight = 0, contrastive = 0 } = plan.teaching ?? {};
      sum = this.crossEntropies(at);
      return sum / size + weight * this.divergence() + contrastive * this.alignment();
    }
    for (let i = 0; i < size; i++) sum += floats[at + i]!;
    return sum / Math.max(1, Math.min(size, plan.loss.numNegatives + 1) * (size - 1));
  }

  /** Mean divergence of misspelled from clean queries, in nats; 0 without self-teaching. */
  divergence(): number {
    const { size, queries } = this.rows;
    if (queries === size || !this.plan.teaching?.weight) return 0;
    let sum = 0;
    for (let i = 0, at = this.work.teachingLosses / 4; i < size; i++, at += 4) {
      const [cross, teacher, student, apart] = this.floats.subarray(at, at + 4);
      sum += cross! / teacher! + Math.log(student! / teacher!) + apart!;
    }
    return sum / size;
  }

  /** Mean contrastive alignment of misspelled queries, in nats; 0 without it. */
  alignment(): number {
    const { size, queries } = this.rows;
    if (queries === size || !this.plan.teaching?.contrastive) return 0;
    return this.crossEntropies(this.work.alignedLosses / 4) / size;
  }

  /** Sum of the batch's losses as softmaxRows leaves them. */
  private crossEntropies(at: number): number {
    let sum = 0;
    for (let i = 0; i < this.rows.size; i++)
      sum += Math.log(this.floats[at + 2 * i]!) + this.floats[at + 2 * i + 1]!;
    return sum;
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

  private applyMask(cosines: number, mask: number): void {
    const { work, ints, floats } = this;
    const { from, to, size } = this.rows;
    const words = Math.ceil(size / 32);
    for (let i = from; i < to; i++) {
      const row = (cosines + i * work.cosineStride) / 4;
      const bits = mask / 4 + i * work.maskWords;
      for (let w = 0; w < words; w++)
        for (let left = ints[bits + w]!; left !== 0; left &= left - 1)
          floats[row + w * 32 + 31 - Math.clz32(left & -left)] = masked;
    }
  }
}
