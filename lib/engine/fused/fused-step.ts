import type { AdamDrift } from "../adam-drift.js";
import type { Kernels } from "../kernels/load.js";
import type { WasmMemory } from "../kernels/web-assembly.js";
import type { RuleFactors } from "../update-rule.js";
import {
  type FusedLayout,
  type ScratchLayout,
  staleChunk,
  type TableLayout,
  type TowerLayout,
} from "./layout.js";
import type { FusedPlan } from "./plan.js";
import { driftOf, ruleFactors } from "./rule-factors.js";

/** Spins of a waiting thread (about 50 µs) before it sleeps. */
const spins = 20_000;

/** Rows of a batch that one thread works on, and where its side's arrays begin. */
interface Side {
  tower: TowerLayout;
  /** rows of the tower's arrays that precede this side's first row */
  before: number;
}

/**
 * One training step over a shared memory, as one of `threads` threads. Work is divided by rows of the batch, by rows
 * of weight matrices and by table rows, never by terms of a sum, so every number is computed by one thread in an
 * order that does not depend on how many there are.
 */
export class FusedStep {
  private readonly drift: AdamDrift | null;
  private readonly ints: Int32Array;
  private readonly floats: Float32Array;
  private readonly scratch: ScratchLayout;
  private distinct = { text: 0, category: 0 };

  constructor(
    private readonly plan: FusedPlan,
    private readonly layout: FusedLayout,
    private readonly kernels: Kernels,
    memory: WasmMemory,
    private readonly thread: number,
    private readonly threads: number,
  ) {
    this.drift = driftOf(plan.optimizer);
    this.drift?.reset(0);
    this.ints = new Int32Array(memory.buffer);
    this.floats = new Float32Array(memory.buffer);
    this.scratch = layout.scratch[thread]!;
  }

  /**
   * Update number `step` on the batch in memory. All threads call it alike and return together.
   *
   * @returns the batch's loss before the update; if it is not finite nothing has been updated
   */
  run(size: number, step: number, learningRate: number): number {
    const { plan } = this;
    const from = this.cut(size, this.thread);
    const to = this.cut(size, this.thread + 1);
    const sides = this.sides(size);
    this.groupRows(size);
    if (this.drift) {
      this.catchUpGrouped(step - 1);
      this.meet();
    }
    sides.forEach((side, i) => {
      this.forward(side, i, from, to, size);
    });
    this.meet();
    this.lossRows(size, from, to);
    this.meet();
    const loss = this.totalLoss(size);
    if (!Number.isFinite(loss)) {
      this.meet();
      return loss;
    }
    this.documentGradient(size, from, to);
    sides.forEach((side, i) => {
      this.backward(side, i, from, to, size);
    });
    this.meet();
    const rule = ruleFactors(plan.optimizer, step, learningRate);
    for (const tower of this.layout.towers) this.updateTower(tower, size, rule);
    this.updateTables(size, step, rule);
    this.drift?.record(step, learningRate);
    this.meet();
    return loss;
  }

  /** Embeds the rows of one side without an update, into that side's last activations. All threads call it alike. */
  encode(side: 0 | 1, size: number): void {
    const from = this.cut(size, this.thread);
    const to = this.cut(size, this.thread + 1);
    this.embed(this.sides(size)[side]!, side, from, to);
    this.meet();
  }

  /** Address of the embeddings of one side after {@link encode}. */
  embeddings(side: 0 | 1, size: number): number {
    const { tower, before } = this.sides(size)[side]!;
    return (tower.activations.at(-1) ?? tower.input) + before * this.plan.outputDim * 4;
  }

  /** Brings all rows to `step`; for one thread while the others wait. */
  synchronise(step: number): void {
    if (!this.drift) return;
    for (const table of [this.layout.text, this.layout.category]) {
      if (!table) continue;
      for (let row = 0; row < table.rows; row += staleChunk) {
        const count = Math.min(staleChunk, table.rows - row);
        this.catchUp(table, step, count, (i) => row + i);
      }
    }
  }

  /** Forgets skipped steps: all rows are current through `step`. All threads call it alike. */
  reset(step: number): void {
    this.drift?.reset(step);
    this.meet();
  }

  private meet(): void {
    if (this.threads > 1) this.kernels.barrier(this.layout.control, this.threads, spins);
  }

  /** Start of part `part` of `count` things, in units of four. */
  private cut(count: number, part: number): number {
    return part >= this.threads
      ? count
      : Math.min(count, Math.floor((Math.ceil(count / 4) * part) / this.threads) * 4);
  }

  private sides(size: number): [Side, Side] {
    const [query, document] = this.layout.towers;
    return [
      { tower: query!, before: 0 },
      { tower: document ?? query!, before: document ? 0 : size },
    ];
  }

  private groupRows(size: number): void {
    const { kernels: k, layout: l, plan, scratch: s, thread, threads } = this;
    const { queryLength, documentLength } = plan;
    const count = plan.countPadding ? 1 : 0;
    const { slots } = l.text;
    let u = k.countRows(l.queryIds, size * queryLength, count, slots, s.rows, s.ends, 0, thread, threads);
    u = k.countRows(l.documentIds, size * documentLength, count, slots, s.rows, s.ends, u, thread, threads);
    k.startRows(s.ends, u);
    k.placeRows(l.queryIds, queryLength, size, count, slots, s.ends, s.bags, 0, thread, threads);
    k.placeRows(l.documentIds, documentLength, size, count, slots, s.ends, s.bags, size, thread, threads);
    k.clearRows(s.rows, u, slots);
    this.distinct.text = u;
    if (!l.category) return;
    const { slots: marks } = l.category;
    const [rows, ends] = [s.categoryRows, s.categoryEnds];
    const v = k.countRows(l.categories, size, 1, marks, rows, ends, 0, thread, threads);
    k.startRows(ends, v);
    k.placeRows(l.categories, 1, size, 1, marks, ends, s.categoryBags, 0, thread, threads);
    k.clearRows(rows, v, marks);
    this.distinct.category = v;
  }

  private catchUpGrouped(step: number): void {
    const { layout, scratch, distinct, ints } = this;
    const listed = (table: TableLayout, rows: number, count: number) => {
      for (let at = 0; at < count; at += staleChunk) {
        const base = rows / 4 + at;
        this.catchUp(table, step, Math.min(staleChunk, count - at), (i) => ints[base + i]!);
      }
    };
    listed(layout.text, scratch.rows, distinct.text);
    if (layout.category) listed(layout.category, scratch.categoryRows, distinct.category);
  }

  private catchUp(table: TableLayout, step: number, count: number, rowAt: (i: number) => number): void {
    const { ints, scratch } = this;
    const floats = this.floats;
    const drift = this.drift!;
    const through = table.currentThrough / 4;
    let n = 0;
    for (let i = 0; i < count; i++) {
      const row = rowAt(i);
      let from = ints[through + row]!;
      if (from === step) continue;
      if (from < 0) {
        if (!drift.movesRowsWithoutState) continue;
        from = 0;
      }
      const f = drift.factorsFrom(from);
      const at = scratch.factors / 4 + n * 7;
      floats[at] = f.keep;
      floats[at + 1] = f.pull1;
      floats[at + 2] = f.floor1;
      floats[at + 3] = f.pull2;
      floats[at + 4] = f.floor2;
      floats[at + 5] = f.first;
      floats[at + 6] = f.second;
      ints[scratch.staleRows / 4 + n++] = row;
      ints[through + row] = step;
    }
    if (n > 0)
      this.kernels.catchUpRows(n, scratch.staleRows, scratch.factors, table.base, table.stride, table.dim);
  }

  private embed(side: Side, index: number, from: number, to: number): void {
    const { kernels: k, layout: l, plan, scratch } = this;
    const { tower, before } = side;
    const count = to - from;
    const width = tower.inputDim * 4;
    const input = tower.input + (before + from) * width;
    const length = index === 0 ? plan.queryLength : plan.documentLength;
    const ids = (index === 0 ? l.queryIds : l.documentIds) + from * length * 4;
    const shares = l.shares + (index * plan.maxBatch + from) * 4;
    const { text, category } = l;
    const zero = plan.countPadding ? 1 : 0;
    k.bagForward(ids, length, count, zero, text.base, text.stride, text.dim, input, width, shares);
    if (index === 1 && category) {
      // each row a bag of one; its share is written where the pooled gradient comes later
      const at = input + text.dim * 4;
      const spare = l.pooled + from * 4;
      k.bagForward(
        l.categories + from * 4,
        1,
        count,
        1,
        category.base,
        category.stride,
        category.dim,
        at,
        width,
        spare,
      );
    }
    let x = tower.input;
    tower.layers.forEach(({ inputs, outputs, relu, weight, bias }, i) => {
      const y = tower.activations[i]! + (before + from) * outputs * 4;
      const a = x + (before + from) * inputs * 4;
      k.gemm(
        a,
        inputs * 4,
        4,
        weight,
        outputs * 4,
        4,
        y,
        outputs * 4,
        count,
        outputs,
        inputs,
        scratch.panel,
        0,
      );
      k.biasAct(y, outputs * 4, bias, count, outputs, relu ? 1 : 0);
      x = tower.activations[i]!;
    });
  }

  private forward(side: Side, index: 0 | 1 | number, from: number, to: number, size: number): void {
    this.embed(side, index, from, to);
    const { kernels: k, layout: l, plan } = this;
    const d = plan.outputDim;
    const top = this.embeddings(index as 0 | 1, size) + from * d * 4;
    k.unitRows(top, l.unit[index as 0]! + from * d * 4, l.norms[index as 0]! + from * 4, to - from, d);
  }

  private lossRows(size: number, from: number, to: number): void {
    const { kernels: k, layout: l, plan, scratch } = this;
    const d = plan.outputDim;
    const count = to - from;
    const [query, document] = l.unit;
    const rows = l.cosines + from * l.cosineStride;
    k.gemm(
      query + from * d * 4,
      d * 4,
      4,
      document,
      4,
      d * 4,
      rows,
      l.cosineStride,
      count,
      size,
      d,
      scratch.panel,
      0,
    );
    const { loss } = plan;
    if (loss.kind === "batch_softmax") {
      const scale = 1 / loss.temperature;
      k.softmaxRows(rows, l.cosineStride, count, size, from, scale, scale / size, l.rowLosses + from * 8);
    } else {
      const columns = Math.min(size, loss.numNegatives + 1);
      const g = 1 / Math.max(1, columns * (size - 1));
      k.tripletRows(rows, l.cosineStride, count, size, from, columns, loss.margin, g, l.rowLosses + from * 4);
    }
    const to0 = l.unitGradient[0] + from * d * 4;
    k.gemm(rows, l.cosineStride, 4, document, d * 4, 4, to0, d * 4, count, d, size, scratch.panel, 0);
  }

  private totalLoss(size: number): number {
    const { plan } = this;
    const floats = this.floats;
    const at = this.layout.rowLosses / 4;
    let sum = 0;
    if (plan.loss.kind === "batch_softmax") {
      for (let i = 0; i < size; i++) sum += Math.log(floats[at + 2 * i]!) + floats[at + 2 * i + 1]!;
      return sum / size;
    }
    for (let i = 0; i < size; i++) sum += floats[at + i]!;
    return sum / Math.max(1, Math.min(size, plan.loss.numNegatives + 1) * (size - 1));
  }

  private documentGradient(size: number, from: number, to: number): void {
    const { kernels: k, layout: l, plan, scratch } = this;
    const d = plan.outputDim;
    const out = l.unitGradient[1] + from * d * 4;
    k.gemm(
      l.cosines + from * 4,
      4,
      l.cosineStride,
      l.unit[0],
      d * 4,
      4,
      out,
      d * 4,
      to - from,
      d,
      size,
      scratch.panel,
      0,
    );
  }

  private backward(side: Side, index: number, from: number, to: number, size: number): void {
    const { kernels: k, layout: l, plan, scratch } = this;
    const { tower, before } = side;
    const d = plan.outputDim;
    const count = to - from;
    const first = before + from;
    const last = tower.layers.length - 1;
    const gradientAt = (i: number) => (i < 0 ? tower.inputGradient : tower.activationGradients[i]!);
    const offset = from * d * 4;
    const [unit, slope] = [l.unit[index as 0]! + offset, l.unitGradient[index as 0]! + offset];
    k.unitRowsBackward(
      unit,
      l.norms[index as 0]! + from * 4,
      slope,
      gradientAt(last) + first * d * 4,
      count,
      d,
    );
    for (let i = last; i >= 0; i--) {
      const { inputs, outputs, relu, weight } = tower.layers[i]!;
      const dy = gradientAt(i) + first * outputs * 4;
      if (relu) k.reluBackward(tower.activations[i]! + first * outputs * 4, dy, dy, count * outputs);
      const dx = gradientAt(i - 1) + first * inputs * 4;
      k.gemm(
        dy,
        outputs * 4,
        4,
        weight,
        4,
        outputs * 4,
        dx,
        inputs * 4,
        count,
        inputs,
        outputs,
        scratch.panel,
        0,
      );
    }
    const width = tower.inputDim * 4;
    const shares = l.shares + (index * plan.maxBatch + from) * 4;
    const pooled = l.pooled + (index * size + from) * plan.text.dim * 4;
    k.scaleRows(tower.inputGradient + first * width, width, pooled, shares, count, plan.text.dim);
  }

  private updateTower(tower: TowerLayout, size: number, rule: RuleFactors): void {
    const { kernels: k, scratch } = this;
    const batch = this.layout.towers.length === 1 ? 2 * size : size;
    tower.layers.forEach(({ inputs, outputs, weight, bias, gradient, state, size: floats }, i) => {
      const x = i === 0 ? tower.input : tower.activations[i - 1]!;
      const dy = tower.activationGradients[i]!;
      const from = this.cut(inputs, this.thread);
      const to = this.cut(inputs, this.thread + 1);
      const at = from * outputs * 4;
      const ld = outputs * 4;
      k.gemm(
        x + from * 4,
        4,
        inputs * 4,
        dy,
        ld,
        4,
        gradient + at,
        ld,
        to - from,
        outputs,
        batch,
        scratch.panel,
        0,
      );
      this.updateSpan(weight + at, gradient + at, state + at, floats, (to - from) * outputs, rule);
      const left = this.cut(outputs, this.thread);
      const count = this.cut(outputs, this.thread + 1) - left;
      const tail = (inputs * outputs + left) * 4;
      k.columnSums(dy + left * 4, ld, batch, count, gradient + tail);
      this.updateSpan(bias + left * 4, gradient + tail, state + tail, floats, count, rule);
    });
  }

  private updateSpan(p: number, g: number, state: number, apart: number, n: number, f: RuleFactors): void {
    this.kernels.updateSpan(f.rule, p, g, state, apart * 4, n, f.keep, f.first, f.second, f.rate, f.floor);
  }

  private updateTables(size: number, step: number, f: RuleFactors): void {
    const { layout: l, scratch: s, distinct, plan } = this;
    this.updateTable(l.text, distinct.text, s.rows, s.ends, s.bags, l.pooled, plan.text.dim * 4, step, f);
    if (!l.category) return;
    const { tower, before } = this.sides(size)[1];
    const width = tower.inputDim * 4;
    const slopes = tower.inputGradient + before * width + plan.text.dim * 4;
    const [rows, ends, bags] = [s.categoryRows, s.categoryEnds, s.categoryBags];
    this.updateTable(l.category, distinct.category, rows, ends, bags, slopes, width, step, f);
  }

  private updateTable(
    table: TableLayout,
    count: number,
    rows: number,
    ends: number,
    bags: number,
    slopes: number,
    slopeStride: number,
    step: number,
    f: RuleFactors,
  ): void {
    const { base, stride, dim } = table;
    const factors = [f.keep, f.first, f.second, f.rate, f.floor] as const;
    this.kernels.updateRows(
      f.rule,
      0,
      count,
      rows,
      ends,
      bags,
      slopes,
      slopeStride,
      base,
      stride,
      dim,
      ...factors,
    );
    if (!this.drift) return;
    const through = table.currentThrough / 4;
    for (let i = 0; i < count; i++) this.ints[through + this.ints[rows / 4 + i]!] = step;
  }
}
