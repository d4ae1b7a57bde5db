import * as tf from "@tensorflow/tfjs";
import type { RuleFactors } from "./update-rule.js";

/** A bag op on rows that the backend keeps: which rows, of which bag, with which share in its mean. */
export interface BagEntries {
  ids: Int32Array;
  size: number;
  length: number;
  /** false: id 0 is padding */
  countZero: boolean;
}

/** Whether tensors of the backend in use lie where only its own kernels reach them, as on a GPU. */
export function computesElsewhere(): boolean {
  return tf.getBackend() === "tensorflow";
}

/** Mean of the rows of a matrix that each bag names, computed by the backend alone; ids are trusted. Returns [size, dim]. */
export function poolOnBackend(matrix: tf.Tensor2D, bags: BagEntries): tf.Tensor2D {
  return tf.tidy(() => {
    const { rows, bagOf, shares } = entriesOf(bags);
    if (rows.length === 0) return tf.zeros([bags.size, matrix.shape[1]]);
    const taken = tf.gather(matrix, tf.tensor1d(rows, "int32"));
    const weighed = shares ? tf.mul(taken, tf.tensor2d(shares, [rows.length, 1])) : taken;
    if (bags.length === 1 && bags.countZero) return weighed as tf.Tensor2D;
    return tf.unsortedSegmentSum(weighed, tf.tensor1d(bagOf, "int32"), bags.size) as tf.Tensor2D;
  });
}

/** What {@link poolOnBackend} sends back to the matrix's rows, given the gradient [size, dim]. Returns [rows, dim]. */
export function spreadOnBackend(gradient: tf.Tensor2D, bags: BagEntries, rows: number): tf.Tensor2D {
  return tf.tidy(() => {
    const entries = entriesOf(bags);
    if (entries.rows.length === 0) return tf.zeros([rows, gradient.shape[1]]);
    const taken = tf.gather(gradient, tf.tensor1d(entries.bagOf, "int32"));
    const weighed = entries.shares
      ? tf.mul(taken, tf.tensor2d(entries.shares, [entries.rows.length, 1]))
      : taken;
    return tf.unsortedSegmentSum(weighed, tf.tensor1d(entries.rows, "int32"), rows) as tf.Tensor2D;
  });
}

/** shares: null where every bag has one entry */
function entriesOf({ ids, size, length, countZero }: BagEntries): {
  rows: Int32Array;
  bagOf: Int32Array;
  shares: Float32Array | null;
} {
  const rows = new Int32Array(ids.length);
  const bagOf = new Int32Array(ids.length);
  const shares = new Float32Array(ids.length);
  let n = 0;
  for (let b = 0; b < size; b++) {
    const first = n;
    for (let j = b * length; j < (b + 1) * length; j++) {
      if (ids[j] === 0 && !countZero) continue;
      rows[n] = ids[j]!;
      bagOf[n++] = b;
    }
    shares.fill(1 / (n - first), first, n);
  }
  return {
    rows: rows.slice(0, n),
    bagOf: bagOf.slice(0, n),
    shares: length === 1 ? null : shares.slice(0, n),
  };
}

/**
 * The update of {@link UpdateRule} with these factors as ops of the backend, for parameters of any shape.
 *
 * @param touched  [rows, 1] ones and zeros: rows of a table that move, states and all; null: all
 * @returns new values and new states, which the caller keeps
 */
export function updateOnBackend(
  { rule, keep, first, second, rate, floor }: RuleFactors,
  values: tf.Tensor,
  gradient: tf.Tensor,
  state: readonly tf.Tensor[],
  touched: tf.Tensor | null = null,
): { values: tf.Tensor; state: tf.Tensor[] } {
  const where = (next: tf.Tensor, before: tf.Tensor) =>
    touched ? tf.where(tf.cast(tf.broadcastTo(touched, next.shape), "bool"), next, before) : next;
  if (rule === 1) return { values: tf.sub(values, tf.mul(gradient, rate)), state: [] };
  if (rule === 2) {
    const sum = tf.add(state[0]!, tf.square(gradient));
    const moved = tf.sub(values, tf.div(tf.mul(gradient, rate), tf.add(tf.sqrt(sum), floor)));
    return { values: moved, state: [sum] };
  }
  const [m, v] = state as [tf.Tensor, tf.Tensor];
  const mean = tf.add(m, tf.mul(tf.sub(gradient, m), first));
  const square = tf.add(v, tf.mul(tf.sub(tf.square(gradient), v), second));
  const pulled = tf.div(tf.mul(mean, rate), tf.add(tf.sqrt(square), floor));
  const moved = tf.sub(keep === 1 ? values : tf.mul(values, keep), pulled);
  return { values: where(moved, values), state: [where(mean, m), where(square, v)] };
}

/**
 * A table's rows and their optimiser's state as tensors of the backend. A step computes on all rows, as dense methods do: the
 * memory of a device is read faster than single rows can be picked from the host.
 */
export class BackendRows {
  private values: tf.Tensor2D;
  private state: tf.Tensor2D[];

  /** @param floats row after row: `stride` numbers, the weights and then the states */
  constructor(
    floats: Float32Array,
    private readonly rows: number,
    private readonly dim: number,
    private readonly stride: number,
  ) {
    const [values, ...state] = Array.from({ length: stride / dim }, (_, slot) => this.upload(floats, slot));
    this.values = values!;
    this.state = state;
  }

  pool(bags: BagEntries): tf.Tensor2D {
    return poolOnBackend(this.values, bags);
  }

  /** @param lazy whether rows without an entry stay where they are */
  update(
    parts: readonly (BagEntries & { gradient: tf.Tensor })[],
    factors: RuleFactors,
    lazy: boolean,
  ): void {
    const { values, state } = this;
    const next = tf.tidy(() => {
      const gradients = parts.map((part) => spreadOnBackend(part.gradient as tf.Tensor2D, part, this.rows));
      const gradient = gradients.length === 0 ? tf.zerosLike(values) : tf.addN(gradients);
      const moved = updateOnBackend(factors, values, gradient, state, lazy ? this.touched(parts) : null);
      return [moved.values, ...moved.state] as tf.Tensor2D[];
    });
    tf.dispose([values, ...state]);
    [this.values, ...this.state] = next.map((tensor) => tf.keep(tensor)) as [tf.Tensor2D, ...tf.Tensor2D[]];
  }

  /** Writes weights and states back into `floats`, as the constructor reads them. */
  download(floats: Float32Array): void {
    const [dim, stride, rows] = [this.dim, this.stride, this.rows];
    [this.values, ...this.state].forEach((tensor, slot) => {
      const numbers = tensor.dataSync();
      for (let r = 0; r < rows; r++)
        floats.set(numbers.subarray(r * dim, (r + 1) * dim), r * stride + slot * dim);
    });
  }

  dispose(): void {
    tf.dispose([this.values, ...this.state]);
  }

  /** [rows, 1]: 1 for the rows that the bags name */
  private touched(parts: readonly BagEntries[]): tf.Tensor {
    const marks = new Float32Array(this.rows);
    for (const { ids, countZero } of parts) for (const id of ids) if (id !== 0 || countZero) marks[id] = 1;
    return tf.tensor2d(marks, [this.rows, 1]);
  }

  private upload(floats: Float32Array, slot: number): tf.Tensor2D {
    const [dim, stride, rows] = [this.dim, this.stride, this.rows];
    const numbers = new Float32Array(rows * dim);
    for (let r = 0; r < rows; r++) {
      const from = r * stride + slot * dim;
      numbers.set(floats.subarray(from, from + dim), r * dim);
    }
    return tf.keep(tf.tidy(() => tf.tensor2d(numbers, [rows, dim])));
  }
}
