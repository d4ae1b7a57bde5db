import * as tf from "@tensorflow/tfjs";
import { createEncoder } from "../../lib/encoders/create-encoder.js";
import type { Encoder, EncoderSpec } from "../../lib/encoders/encoder.js";
import { valueAndGradients } from "../../lib/engine/ops/gradients.js";
import { Random } from "../../lib/engine/random/random.js";
import type { WordCuts } from "../../lib/engine/tables/distinct-words.js";
import type { FeatureBatch } from "../../lib/features/batch.js";
import type { FusedState } from "../../lib/fused/fused-memory.js";
import { createFusedTrainer, type FusedTrainer } from "../../lib/fused/fused-trainer.js";
import { candidateMask } from "../../lib/losses/candidate-mask.js";
import { contrastiveAlignment } from "../../lib/losses/contrastive-alignment.js";
import { createLoss } from "../../lib/losses/create-loss.js";
import type { LossSpec } from "../../lib/losses/loss.js";
import { maskedCells } from "../../lib/losses/masked-cells.js";
import { selfTeaching } from "../../lib/losses/self-teaching.js";
import { createOptimizer } from "../../lib/optimizers/create-optimizer.js";
import type { Optimizer, OptimizerSpec } from "../../lib/optimizers/optimizer.js";
import { trainedParameters } from "../../lib/training/updates/trained-parameters.js";

export interface Model {
  encoder: EncoderSpec;
  loss: LossSpec;
  optimizer: OptimizerSpec;
  queryLength: number;
  documentLength: number;
  words: WordCuts | null;
  maxBatch: number;
  masks: boolean;
  teaching: { weight: number; contrastive?: number; temperature: number } | null;
}

/** Queries may be three times the documents: trained, misspelled, clean. */
export interface TestBatch {
  queries: FeatureBatch;
  documents: FeatureBatch;
  queryIds: Int32Array;
  documentIds: Int32Array;
}

/** A model of random kind, shape, loss and optimiser; widths are multiples of 4 up to 44. */
export function randomModel(seed: number): Model {
  const random = new Random(seed);
  const pick = <T>(values: readonly T[]) => values[random.int(values.length)]!;
  const width = () => 4 * (1 + random.int(11));
  const kind = pick(["TwoTower", "MultiModalTwoTower", "SimpleTextEncoder", "LinearEncoder"]);
  const hiddenLayers = pick([[], [width()], [width(), width()], [width(), width(), width()]]);
  const lastLinear = hiddenLayers.length === 0 || random.next() < 0.5;
  const loss = pick<LossSpec>([
    { kind: "batch_softmax", temperature: 0.3 },
    { kind: "triplet", margin: 0.4, numNegatives: 1 + random.int(20) },
  ]);
  const softmax = loss.kind === "batch_softmax";
  const model: Model = {
    encoder: {
      kind,
      separateTables: random.next() < 0.4,
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
    loss,
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
    masks: softmax && random.next() < 0.5,
    teaching: softmax && random.next() < 0.5 ? { weight: 0.7, temperature: 0.2 } : null,
    words: null,
  };
  const rows = model.encoder.textEmbedding.numEmbeddings;
  if (random.next() < 0.5) model.words = { firstNgram: 1 + random.int(rows), wordsLimit: 1 + random.int(4) };
  if (model.teaching && random.next() < 0.6)
    model.teaching = { weight: pick([0, 0.7]), contrastive: 0.6, temperature: 0.2 };
  const { encoder } = model;
  if (kind.endsWith("TwoTower") && !encoder.separateTables && random.next() < 0.5)
    encoder.tokenWeights = "idf";
  return model;
}

/**
 * A batch with empty bags, padding between tokens, repeated tokens and repeated documents; half of the texts are made of a
 * few words of several ids, so that whole words repeat, the last of a text cut at its end.
 */
export function randomBatch(model: Model, seed: number): TestBatch {
  const random = new Random(seed);
  const size = random.next() < 0.5 ? model.maxBatch : 1 + random.int(model.maxBatch);
  const rows = model.encoder.textEmbedding.numEmbeddings;
  const lexicon = Array.from({ length: 4 }, () =>
    Array.from({ length: 1 + random.int(4) }, () => 1 + random.int(rows - 1)),
  );
  const bags = (count: number, length: number) => {
    const ids = new Int32Array(count * length);
    for (let i = 0; i < count; i++)
      if (random.next() < 0.5) {
        const text = Array.from({ length: random.int(5) }, () => lexicon[random.int(4)]!).flat();
        ids.set(text.slice(0, length), i * length);
      } else if (random.next() > 0.1)
        for (let j = 0; j < length; j++) ids[i * length + j] = random.next() < 0.3 ? 0 : random.int(rows);
    return ids;
  };
  const queries = model.teaching && random.next() < 0.8 ? 3 * size : size;
  const words = model.words ? { words: model.words } : {};
  const numbers = (most: number) => Int32Array.from({ length: size }, () => random.int(most));
  return {
    queries: {
      size: queries,
      columns: {
        query: { kind: "text", ids: bags(queries, model.queryLength), length: model.queryLength, ...words },
      },
    },
    documents: {
      size,
      columns: {
        title: {
          kind: "text",
          ids: bags(size, model.documentLength),
          length: model.documentLength,
          ...words,
        },
        category: { kind: "categorical", ids: numbers(model.encoder.categoryFeature!.numEmbeddings) },
      },
    },
    queryIds: numbers(size),
    documentIds: numbers(2 * size),
  };
}

/** Every query knows three documents. */
const positives = (query: number) => new Set([query, 2 * query, query + 5]);

export function fusedStep(fused: FusedTrainer, model: Model, batch: TestBatch): number {
  const { queryIds, documentIds } = batch;
  const cells = maskedCells(queryIds, documentIds, model.masks ? "known_positives" : "none", positives);
  const { contrastive = 0 } = (batch.queries.size > batch.documents.size && model.teaching) || {};
  const same = contrastive > 0 ? maskedCells(queryIds, queryIds, "same_document") : undefined;
  return fused.trainStep(batch.queries, batch.documents, cells, same);
}

/** The same model trained with tfjs ops. */
export class TfjsPath {
  readonly encoder: Encoder;
  readonly optimizer: Optimizer;
  private readonly loss;

  constructor(private readonly model: Model) {
    this.encoder = createEncoder(model.encoder, new Random(5));
    const { token_weights: weights } = this.encoder.tables;
    const random = new Random(6);
    weights?.setWeights(Float32Array.from({ length: weights.rows }, () => 0.2 + 2 * random.next()));
    this.optimizer = createOptimizer(model.optimizer);
    this.loss = createLoss(model.loss);
  }

  step(batch: TestBatch): number {
    const { encoder } = this;
    const { value, gradients } = valueAndGradients(() => this.lossOf(batch), encoder);
    this.optimizer.applyStep(trainedParameters(encoder), gradients);
    const loss = value.dataSync()[0]!;
    tf.dispose([value, gradients as never]);
    return loss;
  }

  private lossOf({ queries, documents, queryIds, documentIds }: TestBatch): tf.Scalar {
    const { teaching, masks } = this.model;
    const embedded = this.encoder.embedQueries(queries);
    const d = this.encoder.embedDocuments(documents);
    const context = masks
      ? { negatives: candidateMask(queryIds, documentIds, "known_positives", positives) }
      : {};
    if (queries.size === documents.size) return this.loss(embedded, d, context).value;
    const [trained, misspelled, clean] = tf.split(embedded, 3) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const { weight, contrastive = 0, temperature } = teaching!;
    const taught = selfTeaching(clean, misspelled, d, temperature);
    const aligned = contrastiveAlignment(misspelled, clean, queryIds, temperature);
    return tf.addN([
      this.loss(trained, d, context).value,
      tf.mul(taught, weight),
      tf.mul(aligned, contrastive),
    ]) as tf.Scalar;
  }

  restore({ weights, tables, optimizer, step }: FusedState): void {
    for (const [name, values] of Object.entries(weights)) {
      const weight = this.encoder.weights[name]!;
      tf.tidy(() => weight.assign(tf.tensor(values, weight.shape)));
    }
    for (const [name, values] of Object.entries(tables)) this.encoder.tables[name]!.setWeights(values);
    this.optimizer.restore(optimizer, step);
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
  const { trainer, reason } = createFusedTrainer({ ...fusedModel(model), threads, spins: 0 });
  if (!trainer) throw new Error(reason);
  trainer.importState(state);
  return trainer;
}

/** A model as createFusedTrainer takes it. */
export function fusedModel({ encoder, loss, optimizer, ...model }: Model) {
  return { ...model, encoderSpec: encoder, lossSpec: loss, optimizerSpec: optimizer };
}

/** The arrays that an optimiser moves. */
export function moved({ weights, tables }: FusedState): [string, Float32Array][] {
  return [...Object.entries(weights), ...Object.entries(tables)].filter(([name]) => name !== "token_weights");
}

function mapValues<T, R>(record: Record<string, T>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
