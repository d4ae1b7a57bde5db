import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import type { EvaluatorOptions } from "../../evaluation/evaluate-retrieval.js";
import type { BatchNegativesConfig, CacheConfig } from "../../experiment/sections/negatives.js";
import type { FeatureBatch } from "../../features/batch.js";
import type { Optimizer, OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule, ScheduleSpec } from "../../optimizers/schedules/schedule.js";
import type { Checkpoint } from "../../tracking/checkpoint.js";
import type { Callback } from "../callbacks/callback.js";
import type { Engine } from "../choose-trainer.js";
import type { Side } from "../objectives/batch-task.js";
import type { CsvDocumentOptions } from "./csv-documents.js";
import type { DatasetRequest } from "./dataset-data.js";
import type { FitData } from "./fit-data.js";
import type { FitDocument } from "./fit-documents.js";

type Named = string | { kind: string; [option: string]: unknown };

/** Options of fit. What each means, its default and its bounds: fit-schema.ts, which checks them. */
export interface FitOptions {
  /**
   * a name (`qdrl model list`), a transformer's folder, a run folder, an .onnx file of a frozen picture encoder; a spec; or an
   * encoder, which is trained in place
   */
  model: string | EncoderSpec | Encoder;
  /** keys of the configuration's section `model`, in camelCase; with vectorised data those of the spec */
  modelOptions?: Readonly<Record<string, unknown>>;
  /** pictures: pixels a side, or [3, height, width], both equal; the same as `pictureSize` of modelOptions */
  inputSize?: number | readonly number[];
  /** a data set by name or folder; a file; documents; or what is vectorised already */
  trainData: FitData | string | DatasetRequest | readonly FitDocument[];
  /** likewise, of the same kind; "validation": that part of the data set that trainData names */
  evalData?: FitData | string | readonly FitDocument[];
  /** share of trainData that is held out where there is no evalData */
  valSplit?: number;
  /** how files of documents are read */
  csvOptions?: CsvDocumentOptions;
  /** kind or spec; for pairs a loss of batches, for scored pairs "cosine_similarity", for margins "margin_mse", else a loss of labelled items */
  loss: Named;
  lossOptions?: Readonly<Record<string, unknown>>;
  miner?: Named;
  minerOptions?: Readonly<Record<string, unknown>>;
  /** pairs only: masks and candidates beyond the batch, or a cache, as in a configuration's section `negatives` */
  negatives?: Partial<BatchNegativesConfig> | ({ type: "cache"; size: number } & Partial<CacheConfig>);
  /** how batches are drawn; "auto": by the data's kind, at random for losses with class weights; "balanced": classes drawn evenly, however many items they have */
  sampler?: "auto" | "class" | "balanced" | "session" | "instance" | "random";
  /** class and balanced samplers: items of a class in a batch (default: batch size / classes) */
  itemsPerClass?: number;
  /** instance sampler: views of an item (default 2) */
  views?: number;
  /** kind or spec without rate; default "adam" */
  optimizer?: string | Omit<OptimizerSpec, "learningRate">;
  optimizerOptions?: Readonly<Record<string, unknown>>;
  /** an optimiser of one's own for the parameters of this encoder, with a schedule if it is to have one */
  configureOptimizer?: (encoder: Encoder) => Optimizer | [Optimizer, Schedule];
  /** default 1e-3 */
  learningRate?: number;
  /** each layer's rate is this times that of the layer above, in (0, 1]; default 1 */
  layerWiseDecay?: number;
  /** of weights that the loss trains itself; default: the same optimiser and rate */
  lossOptimizer?: string | OptimizerSpec;
  lossOptimizerOptions?: Readonly<Record<string, unknown>>;
  /** factor of the rate, by step or by epoch; without totalSteps a schedule ends with the training */
  schedule?: string | Schedule | ScheduleSpec;
  scheduleOptions?: Readonly<Record<string, unknown>>;
  scheduleBy?: "batch" | "epoch";
  /** default 10 */
  epochs?: number;
  /** default 256; "auto": the one with most items a second, measured before training */
  batchSize?: number | "auto";
  /** true: everything but the last layer keeps its weights; or the names of layers that do */
  freeze?: boolean | readonly string[];
  /** the layer that embeddings are taken from; default: the last */
  layerName?: string;
  /** length of the embeddings: puts a projection head of one layer on the encoder */
  outputDim?: number;
  /** layers with batch normalisation on the encoder, see ProjectionHead */
  projectionHead?: boolean | { numLayers?: number; outputDim?: number };
  /** applied to each document before it is read */
  preprocess?: (document: FitDocument) => FitDocument;
  /** makes batches of documents for an encoder of one's own */
  collate?: (documents: readonly FitDocument[]) => FeatureBatch;
  /** what computes; where there is none of the kind, a line says so and the CPU does */
  device?: "cpu" | "cuda" | "gpu";
  /** threads that read a data set's training pairs while the model trains; 0 (default): they are read once, before */
  numWorkers?: number;
  /** folder that query.onnx and document.onnx are written to at the end; true: `onnx` in runDir */
  toOnnx?: boolean | string;
  /** measures on the held-out data before and after; default: for documents and files that have any */
  report?: boolean;
  /** default none; the progress bar is put first by {@link FitOptions.progress} */
  callbacks?: readonly Callback[];
  /** runs before all other callbacks; default: tells the default listener, null = shows nothing */
  progress?: Callback | null;
  clipNorm?: number;
  /**
   * rows embedded at a time (GradCache), so that a batch needs the memory of a chunk and still has its own gradients;
   * default: the whole batch
   */
  chunkSize?: number;
  /** tower that embeds labelled items (default "document") */
  side?: Side;
  /** a batch in which the miner finds nothing: leave it out with a line (default), or stop */
  emptyBatch?: "skip" | "fail";
  /** default 0 */
  seed?: number;
  /** a checkpoint to go on from */
  resume?: Checkpoint;
  /** what computes the steps; default "auto": fused for pairs where model, loss and optimiser have a fused step, else tfjs */
  engine?: Engine;
  /** of the fused engine, whose numbers do not depend on it, and of graphs. Default: all cores */
  threads?: number;
  /**
   * a run folder `…/<task>/<run>`: manifest, metrics, checkpoints, model and the answers to every query, so that the fit
   * enters tables, and where the encoder is registered and trainData names a data set, search, evaluation and reports open
   * it; one that was stopped goes on from its last checkpoint
   */
  runDir?: string;
  /** run folder reports/runs/<experimentName>/<runName>; experimentName is "default" unless given */
  runName?: string;
  experimentName?: string;
  /** with runDir: a sentence for its fit.yaml */
  description?: string;
  /** with runDir: start over */
  fresh?: boolean;
  /** with runDir: what tables call it; default: model and loss */
  name?: string;
  /** with runDir: evaluation sets by name; default: those of the data set that trainData names */
  evaluation?: Readonly<Record<string, EvaluatorOptions>>;
  /** with runDir: answers the queries before the first step too; default false */
  evaluateBefore?: boolean;
  /** ends the fit after the batch under way; callbacks hear of it */
  signal?: AbortSignal;
  tell?: (line: string) => void;
}

type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${SnakeCase<Tail>}`
    : `_${Lowercase<Head>}${SnakeCase<Tail>}`
  : S;

/** Names that the fine-tuner had for what has another here, see publishedNames in fit-schema.ts. */
interface PublishedNames {
  num_items_per_class?: FitOptions["itemsPerClass"];
  scheduler?: FitOptions["schedule"];
  scheduler_options?: FitOptions["scheduleOptions"];
  scheduler_step?: FitOptions["scheduleBy"];
  configure_optimizer?: FitOptions["configureOptimizer"];
  preprocess_fn?: FitOptions["preprocess"];
  collate_fn?: FitOptions["collate"];
  model_artifact?: string;
}

type Spelled<T> = { [K in keyof T as SnakeCase<K & string>]: T[K] };

/** {@link FitOptions} as the fine-tuner's calls spell them: `train_data`, `batch_size`, `miner_options`. */
export type PublishedFitOptions = Omit<Spelled<FitOptions>, "model"> &
  PublishedNames & { model?: FitOptions["model"] };
