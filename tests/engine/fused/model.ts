import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../../../lib/encoders/create-encoder.js";
import type { Encoder, EncoderSpec } from "../../../lib/encoders/encoder.js";
import type { FusedState } from "../../../lib/engine/fused/fused-memory.js";
import { createFusedTrainer, type FusedTrainer } from "../../../lib/engine/fused/fused-trainer.js";
import { valueAndGradients } from "../../../lib/engine/gradients.js";
import { Random } from "../../../lib/engine/random.js";
import type { FeatureBatch } from "../../../lib/features/batch.js";
import { createLoss } from "../../../lib/losses/create-loss.js";
import type { LossSpec } from "../../../lib/losses/loss.js";
import { createOptimizer } from "../../../lib/optimizers/create-optimizer.js";
import type { Optimizer, OptimizerSpec } from "../../../lib/optimizers/optimizer.js";

export interface Model {
  encoder: EncoderSpec;
  loss: LossSpec;
  optimizer: OptimizerSpec;
  queryLength: number;
  documentLength: number;
  maxBatch: number;
}

/** A model of random kind, shape, loss and optimiser; widths are multiples of 4 up to 44. */
export function randomModel(seed: number): Model {
  const random = new Random(seed);
  const pick = <T>(values: readonly T[]) => values[random.int(values.length)]!;
  const width = () => 4 * (1 + random.int(11));
  const kind = pick(["TwoTower", "MultiModalTwoTower", "SimpleTextEncoder", "LinearEncoder"]);
  const hiddenLayers = pick([[], [width()], [width(), width()], [width(), width(), width()]]);
  const lastLinear = hiddenLayers.length === 0 || random.next() < 0.5;
  return {
    encoder: {
      kind,
      textEmbedding: { numEmbeddings: 5 + random.int(60), embeddingDim: width() },
      categoryFeature: { numEmbeddings: 1 + random.int(6), embeddingDim: width() },
      fcDim: width(),
      hiddenLayers,
      lastLinear,
      outputDim: lastLinear || kind.endsWith("Encoder") ? width() : hiddenLayers.at(-1)!,
      queryTextFeature: "query",
      documentTextFeature: "title",
      documentCategoricalFeature: "category",
    },
    loss: pick<LossSpec>([
      { kind: "batch_softmax", temperature: 0.3 },
      { kind: "triplet", margin: 0.4, numNegatives: 1 + random.int(20) },
    ]),
    optimizer: pick<OptimizerSpec>([
      { kind: "adam", learningRate: 0.01 },
      { kind: "lazy_adam", learningRate: 0.01 },
      { kind: "adamw", learningRate: 0.01, weightDecay: 0.02 },
      { kind: "sgd", learningRate: 0.1 },
      { kind: "adagrad", learningRate: 0.05, initialAccumulator: 0.1 },
    ]),
    queryLength: 1 + random.int(5),
    documentLength: 1 + random.int(9),
    maxBatch: pick([1, 2, 5, 13, 64, 67]),
  };
}

/** A batch with empty bags, padding between tokens and repeated tokens. */
export function randomBatch(model: Model, seed: number): FeatureBatch {
  const random = new Random(seed);
  const size = random.next() < 0.5 ? model.maxBatch : 1 + random.int(model.maxBatch);
  const rows = model.encoder.textEmbedding.numEmbeddings;
  const bags = (length: number) => {
    const ids = new Int32Array(size * length);
    for (let i = 0; i < size; i++)
      if (random.next() > 0.1)
        for (let j = 0; j < length; j++) ids[i * length + j] = random.next() < 0.3 ? 0 : random.int(rows);
    return ids;
  };
  return {
    size,
    columns: {
      query: { kind: "text", ids: bags(model.queryLength), length: model.queryLength },
      title: { kind: "text", ids: bags(model.documentLength), length: model.documentLength },
      category: {
        kind: "categorical",
        ids: Int32Array.from({ length: size }, () =>
          random.int(model.encoder.categoryFeature!.numEmbeddings),
        ),
      },
    },
  };
}

/** The same model trained with tfjs ops. */
export class TfjsPath {
  readonly encoder: Encoder;
  readonly optimizer: Optimizer;
  private readonly loss;

  constructor(model: Model) {
    this.encoder = createEncoder(model.encoder, new Random(5));
    this.optimizer = createOptimizer(model.optimizer);
    this.loss = createLoss(model.loss);
  }

  step(batch: FeatureBatch): number {
    const { encoder } = this;
    const { value, gradients } = valueAndGradients(
      () => this.loss(encoder.embedQueries(batch), encoder.embedDocuments(batch)).value,
      encoder,
    );
    this.optimizer.applyStep(encoder, gradients);
    const loss = value.dataSync()[0]!;
    tf.dispose([value, gradients as never]);
    return loss;
  }

  state(): FusedState {
    const { weights, tables } = this.encoder;
    return {
      weights: mapValues(weights, (weight) => weight.dataSync().slice() as Float32Array),
      tables: mapValues(tables, (table) => table.weights),
      optimizer: this.optimizer.state(),
      step: this.optimizer.step,
    };
  }
}

/** The fused trainer for a model, starting from `state`. */
export function fusedPath(model: Model, threads: number, state: FusedState): FusedTrainer {
  const { trainer, reason } = createFusedTrainer({
    encoderSpec: model.encoder,
    lossSpec: model.loss,
    optimizerSpec: model.optimizer,
    maxBatch: model.maxBatch,
    queryLength: model.queryLength,
    documentLength: model.documentLength,
    threads,
  });
  if (!trainer) throw new Error(reason);
  trainer.importState(state);
  return trainer;
}

function mapValues<T, R>(record: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
