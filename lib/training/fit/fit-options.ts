import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import type { EvaluatorOptions } from "../../evaluation/evaluate-retrieval.js";
import type { BatchNegativesConfig, CacheConfig } from "../../experiment/sections/negatives.js";
import type { OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule, ScheduleSpec } from "../../optimizers/schedules/schedule.js";
import type { Checkpoint } from "../../tracking/checkpoint.js";
import type { Callback } from "../callbacks/callback.js";
import type { Engine } from "../choose-trainer.js";
import type { Side } from "../objectives/batch-task.js";
import type { DatasetRequest } from "./dataset-data.js";
import type { FitData } from "./fit-data.js";

/** Options of fit. */
export interface FitOptions {
  /** a registered name with its options in `modelOptions`, a spec, or an encoder (which is trained in place) */
  model: string | EncoderSpec | Encoder;
  modelOptions?: Omit<EncoderSpec, "kind">;
  /** or a data set by name or folder: its training part, and defaults for `modelOptions` (see datasetData) */
  trainData: FitData | string | DatasetRequest;
  /** or "validation": that part of the data set that trainData names */
  evalData?: FitData | "validation";
  /** kind or spec; for pairs a loss of batches, for scored pairs "cosine_similarity", for margins "margin_mse", else a loss of labelled items */
  loss: string | { kind: string; [option: string]: unknown };
  miner?: string | { kind: string; [option: string]: unknown };
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
  /** default 1e-3 */
  learningRate?: number;
  /** each layer's rate is this times that of the layer above, in (0, 1]; default 1 */
  layerWiseDecay?: number;
  /** of weights that the loss trains itself; default: the same optimiser and rate */
  lossOptimizer?: OptimizerSpec;
  /** factor of the rate, by step or by epoch */
  schedule?: Schedule | ScheduleSpec;
  scheduleBy?: "batch" | "epoch";
  /** default 10 */
  epochs?: number;
  /** default 256 */
  batchSize?: number;
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
  /** of the fused engine; the numbers do not depend on it. Default: all cores */
  threads?: number;
  /**
   * a run folder `…/<task>/<run>`: manifest, metrics, checkpoints, model and the answers to every query, so that the fit
   * enters tables, and where the encoder is registered and trainData names a data set, search, evaluation and reports open
   * it; one that was stopped goes on from its last checkpoint
   */
  runDir?: string;
  /** with runDir: start over */
  fresh?: boolean;
  /** with runDir: what tables call it; default: model and loss */
  name?: string;
  /** with runDir: evaluation sets by name; default: those of the data set that trainData names */
  evaluation?: Readonly<Record<string, EvaluatorOptions>>;
  /** ends the fit after the batch under way; callbacks hear of it */
  signal?: AbortSignal;
  tell?: (line: string) => void;
}
