import type { RowDrift } from "./update-rule.js";

/** Factors that carry a row over skipped steps; see {@link AdamDrift}. */
export interface DriftFactors {
  /** parameters are multiplied by it */
  keep: number;
  /** first moment / (root of second moment + `floor`) times it is subtracted */
  pull: number;
  floor: number;
  /** the first and the second moment are multiplied by these */
  first: number;
  second: number;
}

/**
 * Where dense Adam takes a parameter that receives no gradient for k = t − l steps, in closed form.
 *
 * With m, v the moments after step l, step s = l + j subtracts a_s · m/(√v + e_s), where
 * a_s = lr_s √(1−β₂ˢ)/(1−β₁ˢ) · (β₁/√β₂)ʲ and e_s = ε √(1−β₂ˢ) β₂^(−j/2). The sum over s is
 * pull · m/(√v + floor) with pull = Σ a_s and floor = Σ a_s e_s / pull: exact for √v ≫ ε, and to second order in the
 * spread of e_s (a few per cent over the steps that count) elsewhere. Moments decay by β₁ᵏ and β₂ᵏ.
 * With decoupled weight decay w each step also multiplies the parameter by 1 − lr_s·w.
 *
 * pull and pull · floor are kept per starting step l and grow with every step until β₁ʲ no longer matters (about 200
 * steps), so any schedule of learning rates is followed at a constant cost per step.
 */
export class AdamDrift implements RowDrift {
  readonly movesRowsWithoutState: boolean;
  private readonly window: number;
  private readonly firstPowers: Float64Array; // (β₁/√β₂)ʲ, j = 0 … window
  private readonly secondPowers: Float64Array; // (β₁/β₂)ʲ
  private origin = 0;
  private now = 0;
  private pull = new Float64Array(1024); // index l − origin
  private weighted = new Float64Array(1024); // pull · floor / ε
  private logKeep = new Float64Array(1024); // Σ log(1 − lr·w) up to step l
  private readonly factors: DriftFactors = { keep: 1, pull: 0, floor: 0, first: 1, second: 1 };

  constructor(
    private readonly beta1: number,
    private readonly beta2: number,
    private readonly epsilon: number,
    private readonly weightDecay = 0,
  ) {
    const ratio = Math.max(beta1 / Math.sqrt(beta2), beta1 / beta2);
    if (!(ratio < 1)) throw new RangeError(`AdamDrift: beta1 must be < beta2, got ${beta1} and ${beta2}`);
    this.movesRowsWithoutState = weightDecay > 0;
    this.window = ratio === 0 ? 1 : Math.ceil(Math.log(1e-10) / Math.log(ratio));
    this.firstPowers = Float64Array.from(
      { length: this.window + 1 },
      (_, j) => (beta1 / Math.sqrt(beta2)) ** j,
    );
    this.secondPowers = Float64Array.from({ length: this.window + 1 }, (_, j) => (beta1 / beta2) ** j);
  }

  reset(step: number): void {
    this.origin = this.now = step;
    this.pull[0] = this.weighted[0] = this.logKeep[0] = 0;
  }

  record(step: number, learningRate: number): void {
    this.now = step;
    const last = step - this.origin;
    if (last >= this.pull.length) this.grow();
    const { pull, weighted, firstPowers, secondPowers } = this;
    const root = 1 - this.beta2 ** step;
    const rate = learningRate / (1 - this.beta1 ** step);
    const a = rate * Math.sqrt(root);
    const b = rate * root;
    const keep = 1 - learningRate * this.weightDecay;
    this.logKeep[last] = this.logKeep[last - 1]! + Math.log(keep);
    pull[last] = weighted[last] = 0;
    for (let j = Math.min(this.window, last); j >= 1; j--) {
      pull[last - j] = pull[last - j]! * keep + a * firstPowers[j]!;
      weighted[last - j] = weighted[last - j]! * keep + b * secondPowers[j]!;
    }
  }

  /** The factors from the end of step `from` to the last recorded step; the object is reused by the next call. */
  factorsFrom(from: number): DriftFactors {
    const f = this.factors;
    const start = from - this.origin;
    const gap = this.now - from;
    const last = this.now - this.origin;
    const frozen = Math.min(last, start + this.window);
    const after = this.weightDecay === 0 ? 1 : Math.exp(this.logKeep[last]! - this.logKeep[frozen]!);
    f.keep = this.weightDecay === 0 ? 1 : Math.exp(this.logKeep[last]! - this.logKeep[start]!);
    f.pull = this.pull[start]! * after;
    f.floor =
      this.pull[start] === 0 ? 1e-35 : (this.epsilon * this.weighted[start]!) / this.pull[start]! + 1e-35;
    f.first = power(this.beta1, gap);
    f.second = power(this.beta2, gap);
    return f;
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
    const { keep, pull, floor, first, second } = this.factorsFrom(from);
    for (let i = 0; i < count; i++) {
      const p = offset + i;
      const m = stateOffset + i;
      const v = m + stateStride;
      values[p] = values[p]! * keep - (pull * values[m]!) / (Math.sqrt(values[v]!) + floor);
      values[m]! *= first;
      values[v]! *= second;
    }
  }

  private grow(): void {
    for (const key of ["pull", "weighted", "logKeep"] as const) {
      const larger = new Float64Array(this[key].length * 2);
      larger.set(this[key]);
      this[key] = larger;
    }
  }
}

/** base ** k, 0 where it would drag denormal numbers along. */
function power(base: number, k: number): number {
  const value = base ** k;
  return value < 1e-30 ? 0 : value;
}
