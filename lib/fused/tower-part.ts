import type { Kernels } from "../engine/kernels/kernels.js";
import type { RuleFactors } from "../engine/tables/update-rule.js";
import type { BatchRows } from "./batch-rows.js";
import type { FusedLayout, ScratchLayout, WorkLayout } from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";
import type { WordPart } from "./word-part.js";

/** What a step does in the towers: pool bags, layers forward and backward, weights moved. Sides: 0 queries, 1 documents. */
export class TowerPart {
  private readonly scratch: ScratchLayout;

  constructor(
    private readonly plan: FusedPlan,
    private readonly layout: FusedLayout,
    private readonly work: WorkLayout,
    private readonly kernels: Kernels,
    private readonly rows: BatchRows,
    private readonly words: WordPart | null,
    thread: number,
  ) {
    this.scratch = work.scratch[thread]!;
  }

  /** Mean embeddings of this thread's rows, into the tower's input; where there are words, from the sums of all of them. */
  pool(side: 0 | 1): void {
    const { kernels: k, layout, plan, work, rows } = this;
    const { count } = rows;
    const tower = this.towerOf(side);
    const width = tower.inputDim * 4;
    const length = side === 0 ? plan.queryLength : plan.documentLength;
    const table = layout.tables[side === 1 && plan.texts.length === 2 ? 1 : 0]!;
    const zero = plan.countPadding ? 1 : 0;
    for (const start of rows.starts(side)) {
      const to = tower.input + (rows.before(side) + start) * width;
      const bag = (side === 0 ? 0 : rows.queries) + start;
      if (this.words) this.words.pool(bag, count, to, width);
      else {
        const ids = (side === 0 ? work.queryIds : work.documentIds) + start * length * 4;
        const shares = work.shares + bag * 4;
        k.bagForward(ids, length, count, zero, table.base, table.stride, table.dim, to, width, shares);
      }
      if (side === 0 || !plan.category) continue;
      // each row a bag of one; its share is written where the pooled gradient comes later
      const { base, stride, dim } = layout.tables.at(-1)!;
      const at = to + table.dim * 4;
      const spare = work.pooled + start * 4;
      k.bagForward(work.categories + start * 4, 1, count, 1, base, stride, dim, at, width, spare);
    }
  }

  /** Layers of one side, then unit rows and norms of what comes out. */
  forward(side: 0 | 1): void {
    this.layers(side);
    const { kernels: k, work, rows, plan } = this;
    const d = plan.outputDim;
    for (const start of rows.starts(side))
      k.unitRows(
        this.embeddings(side) + start * d * 4,
        work.unit[side] + start * d * 4,
        work.norms[side] + start * 4,
        rows.count,
        d,
      );
  }

  /** Address of the embeddings of one side's rows. */
  embeddings(side: 0 | 1): number {
    const tower = this.towerOf(side);
    return (tower.activations.at(-1) ?? tower.input) + this.rows.before(side) * this.plan.outputDim * 4;
  }

  layers(side: 0 | 1): void {
    const { kernels: k, scratch, rows } = this;
    const { count } = rows;
    const tower = this.towerOf(side);
    for (const start of rows.starts(side)) {
      const first = rows.before(side) + start;
      let x = tower.input;
      this.layersOf(side).forEach(({ inputs, outputs, relu, weight, bias }, i) => {
        const y = tower.activations[i]! + first * outputs * 4;
        const a = x + first * inputs * 4;
        const [lda, ldb] = [inputs * 4, outputs * 4];
        k.gemm(a, lda, 4, weight, ldb, 4, y, ldb, count, outputs, inputs, scratch.panel, 0);
        k.biasAct(y, ldb, bias, count, outputs, relu ? 1 : 0);
        x = tower.activations[i]!;
      });
    }
  }

  /** Gradients of unit rows back through norms and layers to the bags. */
  backward(side: 0 | 1): void {
    const { kernels: k, work, plan, scratch, rows } = this;
    const { count } = rows;
    const tower = this.towerOf(side);
    const layers = this.layersOf(side);
    const d = plan.outputDim;
    const last = layers.length - 1;
    const gradientAt = (i: number) => (i < 0 ? tower.inputGradient : tower.activationGradients[i]!);
    for (const start of rows.starts(side)) {
      const first = rows.before(side) + start;
      const offset = start * d * 4;
      const [unit, slope] = [work.unit[side] + offset, work.unitGradient[side] + offset];
      const top = gradientAt(last) + first * d * 4;
      k.unitRowsBackward(unit, work.norms[side] + start * 4, slope, top, count, d);
      for (let i = last; i >= 0; i--) {
        const { inputs, outputs, relu, weight } = layers[i]!;
        const dy = gradientAt(i) + first * outputs * 4;
        if (relu) k.reluBackward(tower.activations[i]! + first * outputs * 4, dy, dy, count * outputs);
        const dx = gradientAt(i - 1) + first * inputs * 4;
        const ld = outputs * 4;
        k.gemm(dy, ld, 4, weight, 4, ld, dx, inputs * 4, count, inputs, outputs, scratch.panel, 0);
      }
      const width = tower.inputDim * 4;
      const bag = (side === 0 ? 0 : rows.queries) + start;
      const dim = plan.texts[0]!.dim;
      const pooled = work.pooled + bag * dim * 4;
      k.scaleRows(tower.inputGradient + first * width, width, pooled, work.shares + bag * 4, count, dim);
    }
  }

  /** Gradients of this thread's rows of every weight matrix over the whole batch, and their update. */
  update(rule: RuleFactors): void {
    const { work, rows } = this;
    work.towers.forEach((tower, t) => {
      const shared = work.towers.length === 1;
      const batch = shared ? rows.queries + rows.size : t === 0 ? rows.queries : rows.size;
      this.layout.towers[t]!.forEach((_, i) => {
        this.updateLayer(t, i, tower.gradients[i]!, batch, rule);
      });
    });
  }

  private updateLayer(t: number, i: number, gradient: number, batch: number, rule: RuleFactors): void {
    const { kernels: k, scratch, rows } = this;
    const tower = this.work.towers[t]!;
    const { inputs, outputs, weight, bias, state, size } = this.layout.towers[t]![i]!;
    const x = i === 0 ? tower.input : tower.activations[i - 1]!;
    const dy = tower.activationGradients[i]!;
    const [from, to] = rows.share(inputs);
    const at = from * outputs * 4;
    const ld = outputs * 4;
    const into = gradient + at;
    k.gemm(x + from * 4, 4, inputs * 4, dy, ld, 4, into, ld, to - from, outputs, batch, scratch.panel, 0);
    this.updateSpan(weight + at, into, state + at, size, (to - from) * outputs, rule);
    const [left, right] = rows.share(outputs);
    const tail = (inputs * outputs + left) * 4;
    k.columnSums(dy + left * 4, ld, batch, right - left, gradient + tail);
    this.updateSpan(bias + left * 4, gradient + tail, state + tail, size, right - left, rule);
  }

  private updateSpan(p: number, g: number, state: number, apart: number, n: number, f: RuleFactors): void {
    this.kernels.updateSpan(f.rule, p, g, state, apart * 4, n, f.keep, f.first, f.second, f.rate, f.floor);
  }

  private towerOf(side: 0 | 1) {
    return this.work.towers[side] ?? this.work.towers[0]!;
  }

  private layersOf(side: 0 | 1) {
    return this.layout.towers[side] ?? this.layout.towers[0]!;
  }
}
