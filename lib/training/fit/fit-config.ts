import path from "node:path";
import { encoders } from "../../encoders/create-encoder.js";
import type { EncoderSpec, TextTableSpec } from "../../encoders/encoder.js";
import { tailorSection } from "../../encoders/tailor/tailor-spec.js";
import { formatConfig, parseConfig } from "../../experiment/load-config.js";
import type { ExperimentConfig } from "../../experiment/schema.js";
import { encoderSpec } from "../../experiment/specs.js";
import { UserError } from "../../files/user-error.js";
import { losses } from "../../losses/create-loss.js";
import { optimizers } from "../../optimizers/create-optimizer.js";
import { schedules } from "../../optimizers/create-schedule.js";
import type { DatasetSource } from "./dataset-data.js";
import type { ResolvedOptions } from "./fit-schema.js";

/** What a fit is evaluated by. */
export const MEASURED = { ks: [10, 100], measures: ["nDCG@10"], typoProbabilities: [0] };

export interface FitConfigParts {
  dir: string;
  name: string;
  seed: number;
  spec: EncoderSpec | null;
  source: DatasetSource | null;
  /** what the encoder was made by, null where no configuration did it */
  made: ExperimentConfig | null;
  batchSize: number;
}

/** A fit as an experiment that retrieval can open, with the options that have no key there; or why it is none. */
export type FitConfig = { config: ExperimentConfig; elsewhere: string[] } | { reason: string };

/**
 * The configuration of a fit whose encoder is registered and whose data are a data set's: what search, evaluation and
 * reports open its run by. Options without a key (`elsewhere`) bear on training alone.
 */
export function fitConfig(
  options: ResolvedOptions,
  { dir, name, seed, spec, source, made, batchSize }: FitConfigParts,
): FitConfig {
  if (!source) return { reason: "trainData names no data set" };
  if (!spec) return { reason: "model is an encoder that was passed as such" };
  if (options.evaluation) return { reason: "evaluation is of sets that were passed" };
  const { optimizer, schedule, layerWiseDecay, engine } = options;
  const elsewhere = [
    ...(typeof schedule === "function" ? ["schedule"] : []),
    ...(["scheduleBy", "lossOptimizer", "configureOptimizer"] as const).filter(
      (key) => options[key] !== undefined,
    ),
  ];
  const own = source.config;
  const values = {
    ...own,
    ...{ task_id: path.basename(path.dirname(dir)), run_id: path.basename(dir), name, seed, engine },
    output_dir: path.dirname(path.dirname(dir)),
    num_epochs: options.epochs,
    batch_size: batchSize,
    learning_rate: options.learningRate,
    model: made ? made.model : modelSection(spec),
    loss: losses.sectionOf(options.loss),
    negatives: { type: "batch", ...options.negatives },
    optimizer: optimizers.sectionOf(optimizer),
    schedule:
      schedule && typeof schedule !== "function" ? schedules.sectionOf(schedule) : { type: "constant" },
    update: {
      clip_norm: options.clipNorm ?? null,
      chunk_size: options.chunkSize ?? null,
      layer_wise_decay: layerWiseDecay === 1 ? null : (layerWiseDecay ?? null),
    },
    ...{ keep_checkpoints: 1, tensorboard: false },
    recall_validation: {
      ...{ enabled: true, k: MEASURED.ks, measures: MEASURED.measures },
      query_typo_probabilities: MEASURED.typoProbabilities,
    },
  };
  try {
    const config = parseConfig(formatConfig(values), "configuration");
    if (made || fits(spec, encoderSpec(config))) return { config, elsewhere };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { reason: `it cannot be written as a configuration (${error.message.split("\n")[0]})` };
  }
  return { reason: `options of its ${spec.kind} have no keys in a configuration` };
}

/** Whether an encoder's options are those given; what is not given is by default. */
function fits(given: EncoderSpec, made: EncoderSpec): boolean {
  return Object.entries(given).every(
    ([key, value]) =>
      value === undefined || JSON.stringify(value) === JSON.stringify(made[key as keyof EncoderSpec]),
  );
}

/** Section `model` of an encoder in plain data. */
function modelSection(spec: EncoderSpec) {
  const { textEmbedding, outputDim, queryTextFeature, documentTextFeature, ...rest } = spec;
  const { documentCategoricalFeature, categoryFeature, tailor, ...own } = rest;
  const table = ({ numEmbeddings, embeddingDim, initialStd, untrainedRows }: TextTableSpec) => ({
    ...{ num_embeddings: numEmbeddings, embedding_dim: embeddingDim },
    ...(initialStd !== undefined && { initial_std: initialStd }),
    ...(untrainedRows && { untrained_rows: untrainedRows }),
  });
  return {
    ...encoders.sectionOf(own),
    ...{ text_embedding: table(textEmbedding), output_dim: outputDim },
    query: { text_feature: queryTextFeature },
    document: {
      text_feature: documentTextFeature,
      ...(documentCategoricalFeature && { categorical_feature: documentCategoricalFeature }),
    },
    ...(categoryFeature && { category_feature: table(categoryFeature) }),
    ...(tailor && { tailor: tailorSection(tailor) }),
  };
}
