import type { Kernels } from "../engine/kernels/kernels.js";
import type { AdamDrift } from "../engine/tables/adam-drift.js";
import { roundingSeed } from "../engine/tables/packed-moments.js";
import { packedAdam, type RuleFactors } from "../engine/tables/update-rule.js";
import type { BatchRows } from "./batch-rows.js";
import {
  type FusedLayout,
  type ScratchLayout,
  staleChunk,
  type TableLayout,
  type WorkLayout,
} from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";
import type { WordPart } from "./word-part.js";

/** What a step does with the rows of embedding tables: group the batch's ids, bring rows up to date, move them. */
export class TablePart {
  private readonly distinct: number[];
  private readonly scratch: ScratchLayout;

  constructor(
    readonly plan: FusedPlan,
    private readonly layout: FusedLayout,
    private readonly work: WorkLayout,
    private readonly kernels: Kernels,
    private readonly drift: AdamDrift | null,
    private readonly ints: Int32Array,
    readonly floats: Float32Array,
    private readonly rows: BatchRows,
    private readonly words: WordPart | null,
    readonly thread: number,
    readonly threads: number,
  ) {
    this.scratch = work.scratch[thread]!;
    this.distinct = layout.tables.map(() => 0);
  }

  /** Distinct rows of the last batch that this thread moved, all tables together, in bytes of rows and state. */
  bytesTouched(): number {
    return this.layout.tables.reduce((sum, { stride }, i) => sum + this.distinct[i]! * stride, 0);
  }

  /** Lists, for the table rows that are this thread's, the bags (or words) of the batch that each occurs in. */
  group(): void {
    const { work, plan, rows } = this;
    const { queryLength, documentLength } = plan;
    const zero = plan.countPadding ? 1 : 0;
    const queries = { ids: work.queryIds, length: queryLength, size: rows.queries, bag: 0 };
    const documents = { ids: work.documentIds, length: documentLength, size: rows.size, bag: rows.queries };
    if (this.words) for (let t = 0; t < plan.texts.length; t++) this.groupWords(t);
    else if (plan.texts.length === 1) this.groupIds(0, zero, [queries, documents]);
    else {
      this.groupIds(0, zero, [queries]);
      this.groupIds(1, zero, [documents]);
    }
    if (plan.category)
      this.groupIds(plan.texts.length, 1, [{ ids: work.categories, length: 1, size: rows.size, bag: 0 }]);
  }

  /** Brings this thread's grouped rows to `step`. */
  catchUpGrouped(step: number): void {
    this.layout.tables.forEach((table, t) => {
      const base = this.scratch.groups[t]!.rows / 4;
      const count = this.distinct[t]!;
      for (let at = 0; at < count; at += staleChunk)
        this.catchUp(table, step, Math.min(staleChunk, count - at), (i) => this.ints[base + at + i]!);
    });
  }

  /** Brings all rows to `step`; for one thread while the others wait. */
  synchronise(step: number): void {
    for (const table of this.layout.tables)
      for (let row = 0; row < table.rows; row += staleChunk)
        this.catchUp(table, step, Math.min(staleChunk, table.rows - row), (i) => row + i);
  }

  /** Moves this thread's grouped rows by the gradients of their bags. */
  update(step: number, rule: RuleFactors): void {
    const { plan, work, rows } = this;
    const slopes = work.words?.sums ?? work.pooled;
    plan.texts.forEach((text, t) => {
      this.updateTable(t, slopes, text.dim * 4, step, rule);
    });
    if (!plan.category) return;
    const tower = work.towers[1]!;
    const width = tower.inputDim * 4;
    const ofCategories = tower.inputGradient + rows.before(1) * width + plan.texts[0]!.dim * 4;
    this.updateTable(plan.texts.length, ofCategories, width, step, rule);
  }

  private groupIds(
    table: number,
    countZero: number,
    lists: { ids: number; length: number; size: number; bag: number }[],
  ): void {
    const { kernels: k, thread, threads } = this;
    const { rows, ends, bags } = this.scratch.groups[table]!;
    const slots = this.work.slots[table]!;
    let u = 0;
    for (const { ids, length, size } of lists)
      u = k.countRows(ids, size * length, countZero, slots, rows, ends, u, thread, threads);
    this.order(table, u);
    k.startRows(ends, u);
    for (const { ids, length, size, bag } of lists)
      k.placeRows(ids, length, size, countZero, slots, ends, bags, bag, thread, threads);
    k.clearRows(rows, u, slots);
    this.distinct[table] = u;
  }

  private groupWords(table: number): void {
    const { kernels: k, thread, threads } = this;
    const { rows, ends, bags } = this.scratch.groups[table]!;
    const slots = this.work.slots[table]!;
    const words = this.work.words!;
    const [from, to] = this.words!.ofTable(table);
    const starts = words.starts + from * 4;
    const [first, last] = [this.ints[starts / 4]!, this.ints[words.starts / 4 + to]!];
    const u = k.countRows(words.ids + first * 4, last - first, 0, slots, rows, ends, 0, thread, threads);
    this.order(table, u);
    k.startRows(ends, u);
    k.placeSpans(words.ids, starts, to - from, slots, ends, bags, from, thread, threads);
    k.clearRows(rows, u, slots);
    this.distinct[table] = u;
  }

  /** Where many of a table's rows are in use, they are gone through as they lie in memory. */
  private order(table: number, count: number): void {
    const { rows } = this.layout.tables[table]!;
    if (rows > 32 * count * this.threads) return;
    const { rows: listed, ends, bags } = this.scratch.groups[table]!;
    const slots = this.work.slots[table]!;
    this.kernels.orderRows(slots, rows, listed, ends, count, bags, this.thread, this.threads);
  }

  private catchUp(table: TableLayout, step: number, count: number, rowAt: (i: number) => number): void {
    const { ints, floats, scratch } = this;
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
      drift.writeFactors(from, floats, scratch.factors / 4 + n * 7);
      ints[scratch.staleRows / 4 + n++] = row;
      ints[through + row] = step;
    }
    if (n === 0) return;
    const packed = this.plan.packed ? 1 : 0;
    const { base, stride, dim } = table;
    const seed = roundingSeed(step, "catchUp");
    this.kernels.catchUpRows(n, scratch.staleRows, scratch.factors, base, stride, dim, packed, seed);
  }

  private updateTable(t: number, slopes: number, slopeStride: number, step: number, f: RuleFactors): void {
    const { base, stride, dim, currentThrough } = this.layout.tables[t]!;
    const { rows, ends, bags } = this.scratch.groups[t]!;
    const count = this.distinct[t]!;
    const factors = [f.keep, f.first, f.second, f.rate, f.floor, roundingSeed(step, "update")] as const;
    this.kernels.updateRows(
      this.plan.packed ? packedAdam : f.rule,
      0,
      count,
      rows,
      ends,
      bags,
      slopes,
      slopeStride,
      t < this.plan.texts.length ? this.layout.tokenWeights : 0,
      base,
      stride,
      dim,
      ...factors,
    );
    if (!this.drift) return;
    const through = currentThrough / 4;
    for (let i = 0; i < count; i++) this.ints[through + this.ints[rows / 4 + i]!] = step;
  }
}
