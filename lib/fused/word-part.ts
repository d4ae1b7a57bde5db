import type { Kernels } from "../engine/kernels/kernels.js";
import type { BatchRows } from "./batch-rows.js";
import type { FusedLayout, WordsLayout, WorkLayout } from "./fused-layout.js";
import type { FusedPlan } from "./fused-plan.js";

/**
 * What a step does with the distinct words of a batch, where bags are lists of words: each word's rows are summed once, and
 * the gradients of the bags that hold it are summed once before they go to its rows. A batch of 256 texts of n-grams
 * names 190,000 rows, its distinct words 70,000.
 */
export class WordPart {
  constructor(
    readonly plan: FusedPlan,
    readonly layout: FusedLayout,
    readonly work: WorkLayout,
    private readonly words: WordsLayout,
    readonly kernels: Kernels,
    private readonly ints: Int32Array,
    readonly rows: BatchRows,
  ) {}

  /** The words of one table by number, [from, to). */
  ofTable(table: number): [number, number] {
    const ofFirst = this.ints[this.words.ofFirst / 4]!;
    return table === 0 ? [0, ofFirst] : [ofFirst, this.ints[this.words.counts / 4]!];
  }

  /** Sums of the rows of this thread's words, each times its weight where rows have weights. */
  sum(): void {
    const { kernels: k, layout, plan, words, rows } = this;
    for (let t = 0; t < plan.texts.length; t++) {
      const [first, last] = this.ofTable(t);
      const [from, to] = rows.share(last - first);
      const word = first + from;
      const { base, stride, dim } = layout.tables[t]!;
      const out = words.sums + word * dim * 4;
      const starts = words.starts + word * 4;
      if (plan.weighted) {
        const weights = layout.tokenWeights;
        k.sumWeightedSpans(to - from, words.ids, starts, base, stride, dim, weights, out, dim * 4);
      } else k.sumSpans(to - from, words.ids, starts, base, stride, dim, 0, out, dim * 4);
    }
  }

  /** Means of the rows of `count` bags from `bag` on. */
  pool(bag: number, count: number, to: number, width: number): void {
    const { kernels: k, words, work } = this;
    const { dim } = this.plan.texts[0]!;
    const starts = words.bagStarts + bag * 4;
    const shares = work.shares + bag * 4;
    k.sumSpans(count, words.bagWords, starts, words.sums, dim * 4, dim, shares, to, width);
  }

  /** The gradients of this thread's words, in their sums' place, once those of all bags are there. */
  backward(): void {
    const { kernels: k, words, work, rows } = this;
    const { dim } = this.plan.texts[0]!;
    const [from, to] = rows.share(this.ints[words.counts / 4]!);
    const starts = words.wordBagStarts + from * 4;
    const out = words.sums + from * dim * 4;
    k.sumSpans(to - from, words.wordBags, starts, work.pooled, dim * 4, dim, 0, out, dim * 4);
  }
}
