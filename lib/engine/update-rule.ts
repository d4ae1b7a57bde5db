/**
 * How one parameter moves, given its gradient and its own state. Parameters, gradient and state are spans of
 * float32 arrays; arithmetic is float64, rounded when stored.
 */
export interface UpdateRule {
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

/** Movement of a parameter without gradient over a number of skipped steps. */
export interface RowDrift {
  /** true if even a row whose state is all zero moves (weight decay) */
  readonly movesRowsWithoutState: boolean;
  /** forgets the past and starts counting at `step` */
  reset(step: number): void;
  /** takes note of update `step` (one more than the last), made with `learningRate` */
  record(step: number, learningRate: number): void;
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
