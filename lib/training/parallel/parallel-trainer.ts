import type * as tf from "@tensorflow/tfjs";
import type { Encoder } from "../../encoders/encoder.js";
import { parametersOf } from "../../encoders/parameters.js";
import type { PairBatch } from "../../experiment/pairs.js";
import { type FeatureBatch, takeRows } from "../../features/batch.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import type { Optimizer } from "../../optimizers/optimizer.js";
import type { BatchTask, EmbeddedLoss } from "../objectives/batch-task.js";
import { Trainer, type TrainerOptions, type TrainerState, type WritableState } from "../trainer.js";
import { drainTables, recordTables } from "../updates/table-gradients.js";
import { parallelGradients, type ShardedStep } from "./parallel-gradients.js";
import { plainTensor } from "./replica.js";
import type { Replicas } from "./replicas.js";

/** A step as parts for `count` processes or fewer. */
export type Sharding<B> = (batch: B, step: number, count: number) => ShardedStep;

/**
 * A trainer whose steps several processes take together: see {@link parallelGradients}. Every process makes the update itself,
 * from the same sums, so that parameters and optimiser state stay equal without being sent; what the loss trains is moved here.
 */
export class ParallelTrainer<B = PairBatch> extends Trainer<B> {
  private inStep = false;

  /** @throws UserError for an optimiser that evaluates a batch several times */
  constructor(
    model: Encoder,
    task: BatchTask<B>,
    optimizer: Optimizer,
    options: TrainerOptions,
    private readonly replicas: Replicas,
    private readonly shard: Sharding<B>,
  ) {
    super(model, task, optimizer, options);
    if (optimizer.stepWith)
      throw new UserError(
        `data_parallel: must be 1 with optimizer ${optimizer.kind}, which evaluates a batch several times`,
      );
  }

  override state(): WritableState {
    if (this.inStep) this.replicas.forAll((rank) => this.replicas.send(rank, { kind: "settle" }));
    return super.state();
  }

  override restore(state: TrainerState): void {
    super.restore(state);
    this.inStep = false;
  }

  override setParameters(parameters: Record<string, StoredTensor>): void {
    super.setParameters(parameters);
    this.inStep = false;
  }

  override close(): void {
    this.replicas.close();
    super.close();
  }

  protected override differentiate(batch: B): { value: tf.Scalar; gradients: Record<string, tf.Tensor> } {
    if (!this.inStep) this.sendState();
    const random = this.model.randomState();
    const step = this.shard(batch, this.step, this.replicas.count + 1);
    return parallelGradients(step, this.parameters(), this.replicas, random);
  }

  protected override beforeUpdate(gradients: Record<string, tf.Tensor>): void {
    const { model, replicas } = this;
    const tables = drainTables(model.tables);
    recordTables(model.tables, tables);
    const dense = Object.fromEntries(
      Object.entries(gradients)
        .filter(([name]) => Object.hasOwn(model.weights, name))
        .map(([name, gradient]) => [name, plainTensor(gradient)]),
    );
    const { learningRate } = this.optimizer;
    replicas.forAll((rank) =>
      replicas.send(rank, { kind: "update", gradients: { dense, tables }, learningRate }),
    );
  }

  private sendState(): void {
    const optimizer = this.optimizer.state();
    const state = { parameters: parametersOf(this.model), optimizer, step: this.step };
    this.replicas.forAll((rank) => this.replicas.send(rank, { kind: "state", state }));
    this.inStep = true;
  }
}

/** Rows that a process embeds, by tower. */
type EmbeddingPart = EmbeddedLoss["embed"];

/** The sharding of a task that embeds rows: each process has a run of every input's rows. */
export function embeddingSharding<B>(model: Encoder, task: BatchTask<B>): Sharding<B> {
  return (batch, step, count) => {
    const { embed, loss } = task.prepare(batch, step);
    const parts = Math.min(count, ...embed.map(({ rows }) => rows.size));
    return {
      parts: Array.from({ length: parts }, (_, i) =>
        embed.map(({ side, rows }) => ({ side, rows: withoutWords(run(rows, i, parts)) })),
      ),
      features: (part) => embedded(model, part as EmbeddingPart),
      loss: (...features) => loss(...(features as tf.Tensor2D[])),
    };
  };
}

/** What the loss reads of a part. */
export function embedded(model: Encoder, part: EmbeddingPart): tf.Tensor[] {
  return part.map(({ side, rows }) =>
    side === "query" ? model.embedQueries(rows) : model.embedDocuments(rows),
  );
}

/** Where part i of `parts` begins among `size` rows. */
export function partStart(size: number, i: number, parts: number): number {
  return Math.floor((size * i) / parts);
}

function run(rows: FeatureBatch, i: number, parts: number): FeatureBatch {
  const [from, to] = [partStart(rows.size, i, parts), partStart(rows.size, i + 1, parts)];
  return takeRows(
    rows,
    Array.from({ length: to - from }, (_, k) => from + k),
  );
}

/** Without word boundaries, tables of the vocabulary's size by which bags are only summed faster. */
function withoutWords({ size, columns }: FeatureBatch): FeatureBatch {
  return {
    size,
    columns: Object.fromEntries(
      Object.entries(columns).map(([name, column]) =>
        column.kind === "text"
          ? [name, { kind: "text", ids: column.ids, length: column.length }]
          : [name, column],
      ),
    ),
  };
}
