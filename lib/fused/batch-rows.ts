import type { FusedPlan } from "./fused-plan.js";

/** Rows of the batch at hand that one thread of a step works on. */
export class BatchRows {
  /** documents of the batch */
  size = 0;
  /** rows of the query side: `size`, with self-teaching three times as many */
  queries = 0;
  /** own rows of each part */
  from = 0;
  to = 0;

  constructor(
    private readonly plan: FusedPlan,
    private readonly thread: number,
    readonly threads: number,
  ) {}

  begin(size: number, parts: number): void {
    this.size = size;
    this.queries = size * parts;
    this.from = this.cut(size, this.thread);
    this.to = this.cut(size, this.thread + 1);
  }

  /** First rows of the stretches of `to − from` rows that this thread has on a side. */
  starts(side: 0 | 1): number[] {
    if (side === 1) return [this.from];
    const parts = this.queries / this.size;
    return parts === 1 ? [this.from] : [this.from, this.size + this.from, 2 * this.size + this.from];
  }

  get count(): number {
    return this.to - this.from;
  }

  /** Rows of the side's tower that precede the side's own. */
  before(side: 0 | 1): number {
    return side === 1 && this.plan.towers.length === 1 ? this.queries : 0;
  }

  /** Own part of `count` things, [from, to), in units of four. */
  share(count: number): [number, number] {
    return [this.cut(count, this.thread), this.cut(count, this.thread + 1)];
  }

  private cut(count: number, part: number): number {
    const { threads } = this;
    return part >= threads ? count : Math.min(count, Math.floor((Math.ceil(count / 4) * part) / threads) * 4);
  }
}
