/**
 * How one parameter moves, given its gradient and its own state. Parameters, gradient and state are spans of
 * float32 arrays; arithmetic is float64, rounded when stored.
 */
export interface UpdateRule {
  /** the same update in the kernels' terms, after {@link begin} */
  factors(): RuleFactors;
  readonly kind: string;
  /** suffixes of the state arrays, e.g. ["m", "v"]; state array k of a span starts at state + k · stateStride */
  readonly slots: readonly string[];
  /** value state starts with */
  readonly initialState: number;
  /** fixes the factors of update `step` (from 1) */
  begin(step: number, learningRate: number): void;
  /** one update of `count` parameters at `offset` */
  update(
    parameters: Float32Array,
    offset: number,
    gradient: Float32Array,
    gradientOffset: number,
    state: Float32Array,
    stateOffset: number,
    stateStride: number,
    count: number,
  ): void;
  /** how rows move that a step does not touch; null if they stay */
  readonly drift: RowDrift | null;
}

/** Arguments of the update kernels for one step; rule 0 = Adam, 1 = gradient descent, 2 = Adagrad. */
export interface RuleFactors {
  rule: number;
  /** parameters are multiplied by it first */
  keep: number;
  /** shares of the new gradient in Adam's moments */
  first: number;
  second: number;
  rate: number;
  floor: number;
}

/** The kernels' name for rule 0 on rows whose two moments share a word; see packed-moments.ts. */
export const packedAdam = 3;

/** Factors that carry a row over skipped steps; see AdamDrift. */
export interface DriftFactors {
  /** parameters are multiplied by it */
  keep: number;
  /** Σ over both of pull · first moment / (root of second moment + floor) is subtracted; pull2 is 0 where one suffices */
  pull1: number;
  floor1: number;
  pull2: number;
  floor2: number;
  /** the first and the second moment are multiplied by these */
  first: number;
  second: number;
}

/** Movement of a parameter without gradient over a number of skipped steps. */
export interface RowDrift {
  /** true if even a row whose state is all zero moves (weight decay) */
  readonly movesRowsWithoutState: boolean;
  /** forgets the past and starts counting at `step` */
  reset(step: number): void;
  /** takes note of update `step` (one more than the last), made with `learningRate` */
  record(step: number, learningRate: number): void;
  /** writes the seven factors from the end of step `from` to the last recorded one, as the kernel catchUpRows reads them */
  writeFactors(from: number, out: Float32Array, at: number): void;
  /** catches up a span that is current through update `from` to the last recorded one; state as in UpdateRule */
  catchUp(
    values: Float32Array,
    offset: number,
    stateOffset: number,
    stateStride: number,
    count: number,
    from: number,
  ): void;
}
