import * as tf from "@tensorflow/tfjs";
import { selfTeaching } from "../losses/self-teaching.js";
import type { Objective, PreparedStep } from "./objective.js";
import type { PairBatch } from "./pairs.js";
import type { StoredTensor } from "./tensor-file.js";

/**
 * Adds self-teaching to whatever a step minimises. The batch's queries then come in three parts of B rows: those
 * trained on, the same queries misspelled, and clean; batches without the last two (epochs before typos begin) pass
 * through.
 */
export class SelfTeachingObjective implements Objective {
  private divergence = 0;
  private steps = 0;

  constructor(
    private readonly inner: Objective | null,
    private readonly loss: (queries: tf.Tensor2D, documents: tf.Tensor2D) => tf.Scalar,
    private readonly options: { weight: number; temperature: number },
  ) {}

  get weights(): Record<string, tf.Variable> {
    return this.inner?.weights ?? {};
  }

  beginEpoch(epoch: number): string | null {
    return this.inner?.beginEpoch(epoch) ?? null;
  }

  prepare(batch: PairBatch, step: number): PreparedStep {
    const own = this.inner?.prepare(batch, step) ?? { documents: batch.documents, loss: this.loss };
    const size = batch.queryIds.length;
    if (batch.queries.size === size) return own;
    return {
      documents: own.documents,
      loss: (queries, documents) => {
        const [trained, misspelled, clean] = tf.split(queries, 3) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const taught = selfTeaching(clean, misspelled, documents, this.options.temperature);
        this.divergence += taught.dataSync()[0]!;
        this.steps++;
        return tf.add(own.loss(trained, documents), tf.mul(taught, this.options.weight)) as tf.Scalar;
      },
    };
  }

  stepDone(): void {
    this.inner?.stepDone();
  }

  measurements(): Record<string, number> {
    const own = this.inner?.measurements() ?? {};
    if (this.steps === 0) return own;
    const mean = this.divergence / this.steps;
    this.divergence = 0;
    this.steps = 0;
    return { ...own, SelfTeachingDivergence: mean };
  }

  state(): Record<string, StoredTensor> {
    return this.inner?.state() ?? {};
  }

  restore(state: Record<string, StoredTensor>): void {
    this.inner?.restore(state);
  }
}
