import * as tf from "@tensorflow/tfjs";
import { type Parameters, valueAndGradients } from "../../engine/ops/gradients.js";
import { Random } from "../../engine/random/random.js";
import type { RowGradients } from "../../engine/tables/row-pooling.js";
import { drainTables, recordTables } from "../updates/table-gradients.js";
import { type PlainTensor, plainTensor } from "./replica.js";
import type { Replicas } from "./replicas.js";

/** A step whose batch is cut into parts: what the loss reads is made part by part, the loss of all parts' rows at once. */
export interface ShardedStep {
  /** serialisable, one for each process that takes part, this one first */
  parts: readonly unknown[];
  /** rows of a part, on the tape; as {@link Replica.features} */
  features(part: unknown): tf.Tensor[];
  /** of the rows of all parts, in their order */
  loss(...features: tf.Tensor[]): tf.Scalar;
}

/**
 * Value and gradients of the loss of a whole batch that several processes embed. Each makes the rows of its part; all rows are
 * gathered here, so that every query meets every negative of the batch; the loss is differentiated with respect to the rows;
 * each process carries the gradient of its own rows back to its parameters, and the sums are taken in the order of ranks. Equal
 * to the gradients of one process to rounding, as {@link gradCache}, with random choices (dropout) forked by rank.
 *
 * @param random state of the encoder's generator before the step, which the others fork; null: it draws nothing
 * @returns value, and gradients of dense weights by name; those of tables are recorded in the tables
 * @throws UserError if a process ends meanwhile
 */
export function parallelGradients(
  step: ShardedStep,
  parameters: Parameters,
  replicas: Replicas,
  random: number[] | null,
): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
  const ranks = Array.from({ length: step.parts.length - 1 }, (_, i) => i + 1);
  for (const rank of ranks)
    replicas.send(rank, {
      kind: "differentiate",
      part: step.parts[rank],
      random: random && forkedState(random, rank),
    });
  let inner: ReturnType<typeof lossOfRows> | null = null;
  const own = valueAndGradients(() => {
    const features = step.features(step.parts[0]);
    const rows = [features.map(plainTensor), ...ranks.map((rank) => featuresOf(replicas, rank))];
    try {
      inner = lossOfRows(step, rows, parameters);
    } catch (error) {
      for (const rank of ranks) replicas.send(rank, { kind: "skip" });
      throw error;
    }
    const { slopes } = inner;
    for (const rank of ranks) replicas.send(rank, { kind: "slopes", slopes: slopes[rank]! });
    const weighed = features.map((x, k) => tf.sum(tf.mul(x, tf.tensor(slopes[0]![k]!, x.shape))));
    return tf.addN(weighed) as tf.Scalar;
  }, parameters);
  own.value.dispose();
  const gradients = own.gradients;
  const add = (name: string, more: tf.Tensor) => {
    const sum = gradients[name];
    gradients[name] = sum ? tf.add(sum, more) : more;
    if (sum) tf.dispose([sum, more]);
  };
  const { value, dense } = inner!;
  for (const [name, gradient] of Object.entries(dense)) add(name, gradient);
  const tables = [drainTables(parameters.tables)];
  for (const rank of ranks) {
    const answer = replicas.receive(rank);
    if (answer.kind !== "gradients") throw new Error(`must answer with gradients, got ${answer.kind}`);
    for (const [name, { data, shape }] of Object.entries(answer.gradients.dense))
      add(name, tf.tensor(data, shape));
    tables.push(answer.gradients.tables);
  }
  recordTables(parameters.tables, sumOfTables(tables));
  return { value: tf.scalar(value), gradients };
}

/** Loss of gathered rows: its value, its gradient by part and feature, and those of the weights that the loss itself reads. */
function lossOfRows(
  step: ShardedStep,
  rows: readonly PlainTensor[][],
  { weights }: Parameters,
): { value: number; slopes: Float32Array[][]; dense: Record<string, tf.Tensor> } {
  const whole = rows[0]!.map((_, k) => gathered(rows.map((part) => part[k]!)));
  try {
    const { value, grads } = tf.variableGrads(
      () => step.loss(...whole),
      [...whole, ...Object.values(weights)],
    );
    const all = whole.map(({ name, size }) => {
      const gradient = grads[name]?.dataSync() as Float32Array | undefined;
      return gradient ? gradient.slice() : new Float32Array(size);
    });
    tf.dispose(whole.flatMap(({ name }) => grads[name] ?? []));
    const dense: Record<string, tf.Tensor> = {};
    for (const [name, weight] of Object.entries(weights)) {
      const gradient = grads[weight.name];
      if (gradient) dense[name] = tf.keep(gradient);
    }
    const number = value.dataSync()[0]!;
    value.dispose();
    return { value: number, slopes: splitAgain(all, rows), dense };
  } finally {
    tf.dispose(whole);
  }
}

function gathered(parts: readonly PlainTensor[]): tf.Variable {
  const shape = [parts.reduce((sum, part) => sum + part.shape[0]!, 0), ...parts[0]!.shape.slice(1)];
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return tf.tidy(() => tf.variable(tf.tensor(data, shape)));
}

/** By part, by feature. */
function splitAgain(all: readonly Float32Array[], rows: readonly PlainTensor[][]): Float32Array[][] {
  const at = all.map(() => 0);
  return rows.map((part) =>
    part.map(({ data }, k) => {
      at[k]! += data.length;
      return all[k]!.slice(at[k]! - data.length, at[k]!);
    }),
  );
}

function featuresOf(replicas: Replicas, rank: number): PlainTensor[] {
  const answer = replicas.receive(rank);
  if (answer.kind !== "features") throw new Error(`must answer with features, got ${answer.kind}`);
  return answer.features;
}

/** Sums by row, rows ascending. */
export function sumOfTables(parts: readonly Record<string, RowGradients>[]): Record<string, RowGradients> {
  return Object.fromEntries(
    Object.keys(parts[0]!).map((name) => [name, sumOfRows(parts.map((part) => part[name]!))]),
  );
}

function sumOfRows(parts: readonly RowGradients[]): RowGradients {
  const rows = Int32Array.from(new Set(parts.flatMap((part) => [...part.rows]))).sort();
  const place = new Map(Array.from(rows, (row, i) => [row, i]));
  const filled = parts.find((part) => part.rows.length > 0);
  const dim = filled ? filled.values.length / filled.rows.length : 0;
  const values = new Float32Array(rows.length * dim);
  for (const part of parts)
    part.rows.forEach((row, i) => {
      const to = place.get(row)! * dim;
      for (let d = 0; d < dim; d++) values[to + d]! += part.values[i * dim + d]!;
    });
  return { rows, values };
}

/** State of a generator that draws otherwise than rank 0's, from which it comes. */
function forkedState(state: readonly number[], rank: number): number[] {
  const words: number[] = [];
  for (let at = 0; at < state.length; at += 4)
    words.push(
      ...Random.fromState(state.slice(at, at + 4))
        .fork(`rank ${rank}`)
        .state(),
    );
  return words;
}
