import { UserError } from "../files/user-error.js";

/**
 * How often each item appears in batches, estimated as it goes: a moving average of the steps between two sightings,
 * b ← (1 − α) b + α (t − last), probability 1/b per step.
 *
 * An item never seen before starts with the steps so far; one never seen at all counts as rare as that.
 *
 * @see Yi et al. 2019, doi:10.1145/3298689.3346996, section 4
 */
export class StreamingFrequency {
  private readonly last: Int32Array;
  private readonly interval: Float32Array;
  private step = 0;

  /** @throws RangeError unless 0 < rate ≤ 1 */
  constructor(
    items: number,
    private readonly rate: number,
  ) {
    if (!(rate > 0 && rate <= 1))
      throw new UserError(`StreamingFrequency: rate must be in (0, 1], got ${rate}`);
    this.last = new Int32Array(items);
    this.interval = new Float32Array(items);
  }

  /** Takes note of the next batch; repeats within it count once. */
  observe(items: ArrayLike<number>): void {
    this.step++;
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      if (this.last[item] === this.step) continue;
      const gap = this.step - this.last[item]!;
      this.interval[item] =
        this.last[item] === 0 ? gap : (1 - this.rate) * this.interval[item]! + this.rate * gap;
      this.last[item] = this.step;
    }
  }

  /** Estimated probability that a batch contains the item, in (0, 1]. */
  probability(item: number): number {
    return 1 / Math.max(1, this.interval[item]! || this.step + 1);
  }

  state(): Record<string, Float32Array | Int32Array> {
    return { last: this.last.slice(), interval: this.interval.slice(), step: Int32Array.of(this.step) };
  }

  restore(state: Record<string, Float32Array | Int32Array>): void {
    this.last.set(state["last"]!);
    this.interval.set(state["interval"]!);
    this.step = state["step"]![0]!;
  }
}
