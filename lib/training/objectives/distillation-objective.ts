import * as tf from "@tensorflow/tfjs";
import { whenKnown } from "../../engine/jit/tracing.js";
import type { PairBatch } from "../../experiment/pairs.js";
import type { DistillationConfig } from "../../experiment/sections/distillation.js";
import type { StoredTensor } from "../../files/safetensors.js";
import { embeddingDistillation } from "../../losses/embedding-distillation.js";
import {
  batchMarginMse,
  rankingDistillation,
  type ScoreTeacherLoss,
} from "../../losses/score-distillation.js";
import type { Objective, PreparedStep } from "./objective.js";
import { narrowed, type TeacherEmbeddings } from "./teacher-embeddings.js";

type Teaching = "embeddings" | "ranking" | "margins";

/**
 * What a student minimises: labels · L + embeddings · E + ranking · R + margins · M, where L is the loss of the
 * configuration with its negatives, E the mean of {@link embeddingDistillation} over the batch's queries and its documents,
 * R and M {@link rankingDistillation} and {@link batchMarginMse} over every document that is embedded in the step.
 *
 * The teacher is not run: its embeddings were made before, so a step costs what a step of the student costs. For E they are
 * turned onto the principal axes of the teacher's documents and cut to the student's width, which keeps as much of their
 * dot products as a space of that width can.
 */
export class DistillationObjective implements Objective {
  private readonly scoreLosses: readonly [Teaching, number, ScoreTeacherLoss][];
  /** what the student's embeddings are to be; null where they are free */
  private readonly targets: TeacherEmbeddings | null;
  private readonly sums = new Map<Teaching, number>();
  private steps = 0;

  /**
   * @param inner     labels with added negatives or masks; null: `loss` over the batch's own documents
   * @param teacher   of every query and document of the training pairs, unit rows
   * @param outputDim of the student
   * @throws RangeError if embeddings are to be followed that are narrower than the student's
   */
  constructor(
    private readonly inner: Objective | null,
    private readonly loss: PreparedStep["loss"],
    private readonly teacher: TeacherEmbeddings,
    outputDim: number,
    private readonly options: DistillationConfig,
  ) {
    const { ranking, margins, temperature, teacher_temperature: teacherTemperature } = options;
    const losses: [Teaching, number, ScoreTeacherLoss][] = [
      ["ranking", ranking, rankingDistillation({ temperature, teacherTemperature })],
      ["margins", margins, batchMarginMse()],
    ];
    this.scoreLosses = losses.filter(([, weight]) => weight > 0);
    this.targets = options.embeddings > 0 ? narrowed(teacher, outputDim) : null;
  }

  get weights(): Record<string, tf.Variable> {
    return this.inner?.weights ?? {};
  }

  beginEpoch(epoch: number): string | null {
    return this.inner?.beginEpoch(epoch) ?? null;
  }

  prepare(batch: PairBatch, step: number): PreparedStep {
    const own = this.inner?.prepare(batch, step) ?? {
      documents: batch.documents,
      documentIds: batch.documentIds,
      loss: this.loss,
    };
    return {
      ...own,
      loss: (queries, documents) => {
        const terms = this.terms(queries, documents, batch.queryIds, own.documentIds);
        if (this.options.labels > 0) terms.push(tf.mul(own.loss(queries, documents), this.options.labels));
        const total = tf.addN(terms) as tf.Scalar;
        whenKnown(total, () => void this.steps++);
        return total;
      },
    };
  }

  stepDone(): void {
    this.inner?.stepDone();
  }

  measurements(): Record<string, number> {
    const values = this.inner?.measurements() ?? {};
    for (const [teaching, sum] of this.sums) values[`Distillation/${teaching}`] = sum / this.steps;
    this.sums.clear();
    this.steps = 0;
    return values;
  }

  state(): Record<string, StoredTensor> {
    return this.inner?.state() ?? {};
  }

  restore(state: Record<string, StoredTensor>): void {
    this.inner?.restore(state);
  }

  private terms(
    queries: tf.Tensor2D,
    documents: tf.Tensor2D,
    queryIds: Int32Array,
    documentIds: Int32Array,
  ): tf.Tensor[] {
    const terms: tf.Tensor[] = [];
    const note = (teaching: Teaching, value: tf.Scalar, weight: number) => {
      whenKnown(value, ([known]) => void this.sums.set(teaching, (this.sums.get(teaching) ?? 0) + known!));
      terms.push(tf.mul(value, weight));
    };
    if (this.targets) {
      const { dim } = this.targets;
      const ofQueries = embeddingDistillation(queries, rowsOf(this.targets.queries, dim, queryIds));
      const ofDocuments = embeddingDistillation(documents, rowsOf(this.targets.documents, dim, documentIds));
      const value = tf.div(tf.add(ofQueries.value, ofDocuments.value), 2) as tf.Scalar;
      note("embeddings", value, this.options.embeddings);
    }
    if (this.scoreLosses.length > 0) {
      const { dim } = this.teacher;
      const scores = tf.matMul(
        rowsOf(this.teacher.queries, dim, queryIds),
        rowsOf(this.teacher.documents, dim, documentIds),
        false,
        true,
      ) as tf.Tensor2D;
      for (const [teaching, weight, loss] of this.scoreLosses)
        note(teaching, loss(queries, documents, scores).value, weight);
    }
    return terms;
  }
}

/** Rows `ids` of a matrix of width `dim`, as a constant tensor. */
function rowsOf(matrix: Float32Array, dim: number, ids: Int32Array): tf.Tensor2D {
  const out = new Float32Array(ids.length * dim);
  for (let i = 0; i < ids.length; i++) out.set(matrix.subarray(ids[i]! * dim, (ids[i]! + 1) * dim), i * dim);
  return tf.tensor2d(out, [ids.length, dim]);
}
