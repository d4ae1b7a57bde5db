import * as tf from "@tensorflow/tfjs";
import { whenKnown } from "../../engine/jit/tracing.js";
import type { PairBatch } from "../../experiment/pairs.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { contrastiveAlignment } from "../../losses/contrastive-alignment.js";
import { selfTeaching } from "../../losses/self-teaching.js";
import type { Objective, PreparedStep } from "./objective.js";

/** Weights of what is added, 0 = not added; τ of both. */
export interface TypoRobustOptions {
  selfTeaching: number;
  contrastive: number;
  temperature: number;
}

/**
 * Adds self-teaching, contrastive alignment or both to whatever a step minimises. The batch's queries then come in three
 * parts of B rows: those trained on, the same queries misspelled, and clean; batches without the last two (epochs before
 * typos begin) pass through.
 */
export class TypoRobustObjective implements Objective {
  private sums: Record<string, number> = {};
  private steps = 0;

  constructor(
    private readonly inner: Objective | null,
    private readonly loss: (queries: tf.Tensor2D, documents: tf.Tensor2D) => tf.Scalar,
    private readonly options: TypoRobustOptions,
  ) {}

  get weights(): Record<string, tf.Variable> {
    return this.inner?.weights ?? {};
  }

  beginEpoch(epoch: number): string | null {
    return this.inner?.beginEpoch(epoch) ?? null;
  }

  prepare(batch: PairBatch, step: number): PreparedStep {
    const { documents, documentIds } = batch;
    const own = this.inner?.prepare(batch, step) ?? { documents, documentIds, loss: this.loss };
    if (batch.queries.size === batch.queryIds.length) return own;
    const { selfTeaching: taughtWeight, contrastive, temperature } = this.options;
    return {
      ...own,
      loss: (queries, documents) => {
        const [trained, misspelled, clean] = tf.split(queries, 3) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        let total = own.loss(trained, documents);
        const add = (name: string, weight: number, value: tf.Scalar) => {
          whenKnown(value, ([known]) => {
            this.sums[name] = (this.sums[name] ?? 0) + known!;
          });
          total = tf.add(total, tf.mul(value, weight));
        };
        if (taughtWeight > 0)
          add(
            "SelfTeachingDivergence",
            taughtWeight,
            selfTeaching(clean, misspelled, documents, temperature),
          );
        if (contrastive > 0)
          add(
            "ContrastiveAlignment",
            contrastive,
            contrastiveAlignment(misspelled, clean, batch.queryIds, temperature),
          );
        whenKnown(total, () => void this.steps++);
        return total;
      },
    };
  }

  stepDone(): void {
    this.inner?.stepDone();
  }

  measurements(): Record<string, number> {
    const all = { ...this.inner?.measurements() };
    for (const [name, sum] of Object.entries(this.sums)) all[name] = sum / this.steps;
    this.sums = {};
    this.steps = 0;
    return all;
  }

  state(): Record<string, StoredTensor> {
    return this.inner?.state() ?? {};
  }

  restore(state: Record<string, StoredTensor>): void {
    this.inner?.restore(state);
  }
}
