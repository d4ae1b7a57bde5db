import { UserError } from "../../files/user-error.js";
import { power } from "../power.js";
import type { DriftFactors, RowDrift } from "./update-rule.js";

/**
 * Where dense Adam takes a parameter that receives no gradient for k = t − l steps, in closed form.
 *
 * With m, v the moments after step l, step s = l + j subtracts a_s · m/(√v + e_s), where
 * a_s = lr_s √(1−β₂ˢ)/(1−β₁ˢ) · (β₁/√β₂)ʲ and e_s = ε √(1−β₂ˢ) β₂^(−j/2). The sum over s is replaced by two terms
 * pull · m/(√v + floor): the Gauss quadrature of the measure Σ a_s δ(e_s), exact for √v ≫ ε; where √v is
 * smaller, off by 2 % of one learning rate at worst (rows whose only gradients came in the very first steps). Later than the first steps all e_s are alike and one term suffices.
 * Moments decay by β₁ᵏ and β₂ᵏ. With decoupled weight decay w each step also multiplies the parameter by 1 − lr_s·w.
 *
 * The moments Σ a_s e_s^q, q = 0 … 3, are kept per starting step l and grow with every step until β₁ʲ no longer
 * matters (about 230 steps), so any schedule of learning rates is followed at a constant cost per step.
 */
export class AdamDrift implements RowDrift {
  readonly movesRowsWithoutState: boolean;
  private readonly window: number;
  private readonly powers: Float64Array[]; // [q][j] = (β₁/√β₂)ʲ · β₂^(−jq/2)
  private origin = 0;
  private now = 0;
  private sums = Array.from({ length: 4 }, () => new Float64Array(1024)); // [q][l − origin], e in units of ε
  private logKeep = new Float64Array(1024); // Σ log(1 − lr·w) up to step l
  private readonly decay1: (steps: number) => number;
  private readonly decay2: (steps: number) => number;
  private readonly factors: DriftFactors = {
    keep: 1,
    pull1: 0,
    floor1: 0,
    pull2: 0,
    floor2: 0,
    first: 1,
    second: 1,
  };

  constructor(
    private readonly beta1: number,
    private readonly beta2: number,
    private readonly epsilon: number,
    private readonly weightDecay = 0,
  ) {
    const slowest = beta1 / beta2 ** 2; // the ratio of q = 3
    if (!(slowest < 1)) throw new UserError(`AdamDrift: beta1 must be < beta2², got ${beta1} and ${beta2}`);
    this.movesRowsWithoutState = weightDecay > 0;
    this.decay1 = decays(beta1);
    this.decay2 = decays(beta2);
    this.window = beta1 === 0 ? 1 : Math.ceil(Math.log(1e-10) / Math.log(slowest));
    this.powers = [0, 1, 2, 3].map((q) =>
      Float64Array.from(
        { length: this.window + 1 },
        (_, j) => power(beta1, j) * power(beta2, (-j * (1 + q)) / 2),
      ),
    );
  }

  reset(step: number): void {
    this.origin = this.now = step;
    for (const sum of this.sums) sum[0] = 0;
    this.logKeep[0] = 0;
  }

  record(step: number, learningRate: number): void {
    this.now = step;
    const last = step - this.origin;
    if (last >= this.logKeep.length) this.grow();
    const root = Math.sqrt(1 - power(this.beta2, step));
    const keep = 1 - learningRate * this.weightDecay;
    this.logKeep[last] = this.logKeep[last - 1]! + Math.log(keep);
    let scale = (learningRate * root) / (1 - power(this.beta1, step));
    for (let q = 0; q < 4; q++, scale *= root) {
      const sum = this.sums[q]!;
      const ratio = this.powers[q]!;
      sum[last] = 0;
      for (let j = Math.min(this.window, last); j >= 1; j--)
        sum[last - j] = sum[last - j]! * keep + scale * ratio[j]!;
    }
  }

  /** The factors from the end of step `from` to the last recorded step; the object is reused by the next call. */
  private factorsFrom(from: number): DriftFactors {
    const f = this.factors;
    const start = from - this.origin;
    const last = this.now - this.origin;
    const frozen = Math.min(last, start + this.window);
    const after = this.weightDecay === 0 ? 1 : Math.exp(this.logKeep[last]! - this.logKeep[frozen]!);
    f.keep = this.weightDecay === 0 ? 1 : Math.exp(this.logKeep[last]! - this.logKeep[start]!);
    f.first = this.decay1(this.now - from);
    f.second = this.decay2(this.now - from);
    const total = this.sums[0]![start]!;
    const mean = total === 0 ? 1 : this.sums[1]![start]! / total;
    const square = total === 0 ? 1 : this.sums[2]![start]! / total;
    const spread = Math.sqrt(Math.max(0, square - mean * mean));
    f.pull1 = total * after;
    f.floor1 = f.floor2 = mean * this.epsilon;
    f.pull2 = 0;
    if (spread < 0.01 * mean) return f;
    // two-point Gauss rule from the first four moments
    const cube = this.sums[3]![start]! / total;
    const skew = (cube - 3 * mean * square + 2 * power(mean, 3)) / power(spread, 3);
    const half = Math.sqrt(1 + (skew * skew) / 4);
    const low = skew / 2 - half;
    const high = skew / 2 + half;
    f.pull1 = (total * after * high) / (high - low);
    f.pull2 = (total * after * -low) / (high - low);
    f.floor1 = (mean + spread * low) * this.epsilon;
    f.floor2 = (mean + spread * high) * this.epsilon;
    return f;
  }

  writeFactors(from: number, out: Float32Array, at: number): void {
    const f = this.factorsFrom(from);
    out[at] = f.keep;
    out[at + 1] = f.pull1;
    out[at + 2] = f.floor1;
    out[at + 3] = f.pull2;
    out[at + 4] = f.floor2;
    out[at + 5] = f.first;
    out[at + 6] = f.second;
  }

  catchUp(
    values: Float32Array,
    offset: number,
    stateOffset: number,
    stateStride: number,
    count: number,
    from: number,
  ): void {
    if (from >= this.now) return;
    const { keep, pull1, floor1, pull2, floor2, first, second } = this.factorsFrom(from);
    for (let i = 0; i < count; i++) {
      const p = offset + i;
      const m = stateOffset + i;
      const v = m + stateStride;
      const root = Math.sqrt(values[v]!);
      values[p] = values[p]! * keep - values[m]! * (pull1 / (root + floor1) + pull2 / (root + floor2));
      values[m]! *= first;
      values[v]! *= second;
    }
  }

  private grow(): void {
    const larger = (array: Float64Array) => {
      const copy = new Float64Array(array.length * 2);
      copy.set(array);
      return copy;
    };
    this.sums = this.sums.map(larger);
    this.logKeep = larger(this.logKeep);
  }
}

/** Powers kept at most; a row is seldom left alone for longer. */
const KEPT_POWERS = 2 ** 16;

/** k → base ** k, 0 where it would drag denormal numbers along. Each power is computed once: a step asks for thousands. */
function decays(base: number): (k: number) => number {
  let known = new Float64Array(1024).fill(Number.NaN);
  return (k) => {
    const value = known[k];
    if (value !== undefined && !Number.isNaN(value)) return value;
    const power = decayed(base, k);
    if (k >= KEPT_POWERS) return power;
    if (k >= known.length) {
      const larger = new Float64Array(Math.min(KEPT_POWERS, Math.max(2 * known.length, k + 1))).fill(
        Number.NaN,
      );
      larger.set(known);
      known = larger;
    }
    known[k] = power;
    return power;
  };
}

function decayed(base: number, k: number): number {
  const value = power(base, k);
  return value < 1e-30 ? 0 : value;
}
