import * as tf from "@tensorflow/tfjs";
import { RegionFolder } from "../../datasets/images/region-files.js";
import { ParameterSet } from "../../encoders/parameter-set.js";
import { type ImageHeads, RegionEncoder } from "../../encoders/regions/region-encoder.js";
import { Random } from "../../engine/random/random.js";
import { ownEntry } from "../../files/own-entry.js";
import { readTensorFile, type StoredTensor, writeTensorFile } from "../../files/safetensors.js";
import { UserError } from "../../files/user-error.js";
import { WordVectors } from "./encoders/word-vectors.js";
import type { KddConfig } from "./kdd-schema.js";
import type { QueryWordReader } from "./kdd-words.js";
import { readWorkingData, type WorkingData, wordReader, wordTable, workFiles } from "./prepare.js";
import { regionBatch } from "./region-batch.js";

/** What every step after preparation works on. */
export interface Workspace {
  config: KddConfig;
  data: WorkingData;
  reader: QueryWordReader;
  words: WordVectors;
  /** word ids of each query text met so far */
  wordsOf(query: string): readonly number[];
  image: RegionEncoder;
  /** parameters of the image encoder, names beginning with "image." */
  imageWeights: Record<string, tf.Variable>;
  embed(products: readonly string[], draws: Random | null): ImageHeads;
}

export function openWorkspace(config: KddConfig): Workspace {
  const data = readWorkingData(config.work_dir);
  const reader = wordReader(config, data);
  const { values, dim } = wordTable(config, data);
  const { image } = config;
  const parameters = new ParameterSet("image", new Random(config.seed));
  const encoder = new RegionEncoder(
    {
      featureDim: image.feature_dim,
      boxHidden: image.box_hidden,
      attentionHeads: image.attention_heads,
      forwardHidden: image.forward_hidden,
      weightHidden: image.weight_hidden,
      projectionHidden: image.projection_hidden,
      dim,
      labelHeads: image.label_heads,
      dropout: image.dropout,
    },
    parameters,
  );
  const folder = new RegionFolder(workFiles(config.work_dir).features, image.feature_dim);
  const known = new Map<string, readonly number[]>();
  return {
    config,
    data,
    reader,
    words: new WordVectors(values, dim),
    wordsOf: (query) => {
      if (!known.has(query)) known.set(query, reader.wordIds(query));
      return known.get(query)!;
    },
    image: encoder,
    imageWeights: parameters.variables,
    embed: (products, draws) => encoder.embed(regionBatch(folder, products, image.max_regions), draws),
  };
}

/** Parameters as a file; {@link loadWeights} reads it back. */
export function saveWeights(file: string, weights: Readonly<Record<string, tf.Variable>>): void {
  writeTensorFile(file, snapshot(weights), { format: "qdrl-kdd-model-1" });
}

/** @throws RangeError naming what does not fit */
export function loadWeights(file: string, weights: Readonly<Record<string, tf.Variable>>): void {
  restoreWeights(readTensorFile(file).tensors, weights, file);
}

/** Copies of the values. */
export function snapshot(weights: Readonly<Record<string, tf.Variable>>): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [
      name,
      { shape: weight.shape, data: Float32Array.from(weight.dataSync()) },
    ]),
  );
}

export function restoreWeights(
  stored: Readonly<Record<string, StoredTensor>>,
  weights: Readonly<Record<string, tf.Variable>>,
  source: string,
): void {
  for (const [name, weight] of Object.entries(weights)) {
    const found = ownEntry(stored, name);
    if (found === undefined || found.shape.join() !== weight.shape.join())
      throw new UserError(
        `${source}: ${name} must be [${weight.shape}], got ${found ? `[${found.shape}]` : "none"}`,
      );
    tf.tidy(() => weight.assign(tf.tensor(found.data as Float32Array, weight.shape)));
  }
}
