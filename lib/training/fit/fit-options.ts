import type { Encoder, EncoderSpec } from "../../encoders/encoder.js";
import type { BatchNegativesConfig, CacheConfig } from "../../experiment/sections/negatives.js";
import type { OptimizerSpec } from "../../optimizers/optimizer.js";
import type { Schedule, ScheduleSpec } from "../../optimizers/schedules/schedule.js";
import type { Callback, FitCheckpoint } from "./callback.js";
import type { DatasetRequest } from "./dataset-data.js";
import type { FitData } from "./fit-data.js";
import type { Side } from "./learner.js";

/** Everything that fit can be told. */
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
  /** how batches are drawn; "auto": by the data's kind, at random for losses with class weights */
  sampler?: "auto" | "class" | "session" | "instance" | "random";
  /** class sampler: items of a class in a batch (default: batch size / classes) */
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
  /** runs before all other callbacks */
  progress?: Callback;
  clipNorm?: number;
  /**
   * pairs and scored pairs: rows embedded at a time (GradCache), so that a batch needs the memory of a chunk and still has
   * its own gradients; default: the whole batch
   */
  chunkSize?: number;
  /** tower that embeds labelled items (default "document") */
  side?: Side;
  /** a batch in which the miner finds nothing: leave it out with a line (default), or stop */
  emptyBatch?: "skip" | "fail";
  /** default 0 */
  seed?: number;
  /** a checkpoint to go on from */
  resume?: FitCheckpoint;
  /** ends the fit after the batch under way; callbacks hear of it */
  signal?: AbortSignal;
  tell?: (line: string) => void;
}
