import * as tf from "@tensorflow/tfjs";
import type { Encoder, EncoderSpec } from "../encoders/encoder.js";
import { parametersOf, setParameters } from "../encoders/parameters.js";
import type { PairBatch } from "../experiment/pairs.js";
import type { StoredTensor, TensorPieces } from "../files/safetensors.js";
import type { FusedTeaching } from "../fused/fused-plan.js";
import { createFusedTrainer, type FusedTrainer } from "../fused/fused-trainer.js";
import { type MachineLimit, measureLimit, type StepWork } from "../fused/machine-limit.js";
import type { KnownPositives, MaskRule } from "../losses/candidate-mask.js";
import type { LossSpec } from "../losses/loss.js";
import { maskedCells } from "../losses/masked-cells.js";
import { optimizers } from "../optimizers/create-optimizer.js";
import { isPlainSgd } from "../optimizers/gradient-rules.js";
import type { Optimizer, OptimizerSpec } from "../optimizers/optimizer.js";
import type { WordCuts } from "../tokenizer/text-vectorizer.js";
import type { BatchTask } from "./objectives/batch-task.js";
import { Trainer, type TrainerOptions, type TrainerState, type WritableState } from "./trainer.js";

/** What decides whether a model has a fused step. */
export interface FusedRequest {
  encoderSpec: EncoderSpec;
  lossSpec: LossSpec;
  optimizerSpec: OptimizerSpec;
  maxBatch: number;
  /** Ids per text. */
  queryLength: number;
  documentLength: number;
  /** Word boundaries of the ids. */
  words: WordCuts | null;
  threads: number;
  /** Documents of a batch that are no negatives of a query. */
  mask: MaskRule;
  teaching: FusedTeaching | null;
  /** What masks of known positives are made from. */
  positives: KnownPositives;
  onNonFinite?: TrainerOptions["onNonFinite"];
}

/**
 * The trainer whose whole step runs in SIMD kernels on several threads, or the reason why it cannot. Its encoder, loss
 * and optimiser are those of the tfjs path: the state arrays are the same, so a run may change paths at a checkpoint.
 */
export function fusedTraining(
  parts: { encoder: Encoder; task: BatchTask<PairBatch>; optimizer: Optimizer },
  request: FusedRequest,
): { trainer: Trainer; reason: null } | { trainer: null; reason: string } {
  const { mask, positives, optimizerSpec } = request;
  const kind = optimizers.kindOf(optimizerSpec.kind);
  if (kind === "sgd" && !isPlainSgd(optimizers.resolve(withoutRate(optimizerSpec)).options as never))
    return { trainer: null, reason: "optimizer sgd with momentum or weight decay has no fused step" };
  const named = { ...optimizerSpec, kind };
  const made = createFusedTrainer({ ...request, optimizerSpec: named, masks: mask !== "none" });
  if (made.trainer === null) return made;
  const cells = (batch: PairBatch) => maskedCells(batch.queryIds, batch.documentIds, mask, positives);
  return {
    trainer: new FusedTraining(
      parts.encoder,
      parts.task,
      parts.optimizer,
      made.trainer,
      cells,
      request.teaching,
      { onNonFinite: request.onNonFinite ?? "throw" },
    ),
    reason: null,
  };
}

function withoutRate({ learningRate: _rate, ...spec }: OptimizerSpec) {
  return spec;
}

class FusedTraining extends Trainer {
  /** Whether the kernels are ahead of the tfjs encoder. */
  private ahead = false;
  private measured: MachineLimit | null = null;
  private spelling: Record<string, number> = {};
  private spellingSteps = 0;

  constructor(
    encoder: Encoder,
    task: BatchTask<PairBatch>,
    optimizer: Optimizer,
    private readonly fused: FusedTrainer,
    private readonly cells: (batch: PairBatch) => Int32Array,
    private readonly teaching: FusedTeaching | null,
    options: Pick<TrainerOptions, "onNonFinite">,
  ) {
    super(encoder, task, optimizer, options);
    this.importState({ step: 0, parameters: parametersOf(encoder), optimizer: {} });
  }

  override trainStep(batch: PairBatch): number {
    const { queries, documents, queryIds } = batch;
    const inParts = queries.size > documents.size;
    const { weight = 0, contrastive = 0 } = (inParts ? this.teaching : null) ?? {};
    const same = contrastive > 0 ? maskedCells(queryIds, queryIds, "same_document") : undefined;
    const loss = this.fused.trainStep(queries, documents, this.cells(batch), same);
    if (!Number.isFinite(loss)) return this.refuse(loss);
    this.step = this.fused.step;
    this.ahead = true;
    const note = (name: string, value: number) => {
      this.spelling[name] = (this.spelling[name] ?? 0) + value;
    };
    if (weight > 0) note("SelfTeachingDivergence", this.fused.divergence());
    if (contrastive > 0) note("ContrastiveAlignment", this.fused.alignment());
    if (inParts) this.spellingSteps++;
    return loss;
  }

  override measurements(): Record<string, number> {
    const means = Object.entries(this.spelling).map(([name, sum]) => [name, sum / this.spellingSteps]);
    this.spelling = {};
    this.spellingSteps = 0;
    return Object.fromEntries(means);
  }

  override spent(): Record<string, number> {
    return this.fused.spent();
  }

  override work(): StepWork {
    return this.fused.work();
  }

  override limit(): MachineLimit {
    this.measured ??= measureLimit(this.fused.threads);
    return this.measured;
  }

  override get encoder(): Encoder {
    if (this.ahead) this.takeOver();
    return this.model;
  }

  /** Nothing is copied: arrays are read from the kernels' memory while they are written. */
  override state(): WritableState {
    const { tables, weights, optimizer } = this.fused.arrays();
    const parameters: Record<string, TensorPieces> = {};
    for (const [name, { rows, dim }] of Object.entries(this.model.tables))
      parameters[`tables/${name}`] = { shape: [rows, dim], pieces: () => tables[name]!.pieces() };
    for (const [name, { shape }] of Object.entries(this.model.weights))
      parameters[`weights/${name}`] = { shape, pieces: () => weights[name]!.pieces() };
    const moments = Object.entries(optimizer).map(([name, array]): [string, TensorPieces] => [
      name,
      { shape: [array.length], pieces: () => array.pieces() },
    ]);
    return { step: this.step, parameters, optimizer: Object.fromEntries(moments) };
  }

  override restore(state: TrainerState): void {
    setParameters(this.model, state.parameters);
    this.importState(state);
    this.step = state.step;
    this.ahead = false;
  }

  override setParameters(parameters: Record<string, StoredTensor>): void {
    setParameters(this.model, parameters);
    const { optimizer } = this.fused.exportState();
    this.importState({ step: this.step, parameters: parametersOf(this.model), optimizer });
    this.ahead = false;
  }

  override settle(): void {
    this.fused.arrays();
  }

  override close(): void {
    this.fused.close();
  }

  /** Copies the kernels' parameters into the tfjs encoder. */
  private takeOver(): void {
    const { tables, weights } = this.fused.arrays();
    for (const [name, table] of Object.entries(this.model.tables))
      table.setWeightsFrom(tables[name]!.pieces());
    for (const [name, weight] of Object.entries(this.model.weights))
      tf.tidy(() => weight.assign(tf.tensor(weights[name]!.read(), weight.shape)));
    this.ahead = false;
  }

  private importState({ parameters, optimizer, step }: TrainerState): void {
    const group = (prefix: string) =>
      Object.fromEntries(
        Object.entries(parameters).flatMap(([name, { data }]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), data as Float32Array]] : [],
        ),
      );
    this.fused.importState({ weights: group("weights/"), tables: group("tables/"), optimizer, step });
  }
}
