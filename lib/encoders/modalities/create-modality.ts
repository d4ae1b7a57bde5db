import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../engine/random/random.js";
import { EmbeddingTable } from "../../engine/tables/embedding-table.js";
import { augmentPicture } from "../../features/augment-picture.js";
import type { ImageColumn } from "../../features/batch.js";
import { UserError } from "../../files/user-error.js";
import { tableOptions } from "../encoder.js";
import { PatchEncoder } from "../image/patch-encoder.js";
import { normalisedPixels } from "../image/picture-tensor.js";
import { ResidualCnn } from "../image/residual-cnn.js";
import { Mlp, mlpPlan } from "../mlp.js";
import type { ParameterSet } from "../parameter-set.js";
import { expectKind, type Modality } from "./modality.js";
import { RegionModality } from "./region-modality.js";
import type { ModalityEncoderSpec } from "./towers-spec.js";

export interface ModalityParts {
  name: string;
  parameters: ParameterSet;
  random: Random;
  /** the token table that all texts share */
  text: EmbeddingTable;
  /** takes in the tables and weights that do not come from `parameters` */
  tables: Record<string, EmbeddingTable>;
  weights: Record<string, tf.Variable>;
}

/** Builds the encoder of a feature. */
export function createModality(spec: ModalityEncoderSpec, parts: ModalityParts): Modality {
  switch (spec.kind) {
    case "bag":
      return bagModality(parts.text);
    case "category":
      return categoryModality(spec, parts);
    case "vector":
      return vectorModality(spec, parts);
    case "cnn": {
      const cnn = new ResidualCnn(spec, parts.parameters);
      return imageModality(spec, cnn);
    }
    case "patches": {
      const encoder = new PatchEncoder(spec, parts.parameters);
      return imageModality(spec, encoder);
    }
    case "regions":
      return new RegionModality(spec, parts.parameters);
  }
}

function bagModality(table: EmbeddingTable): Modality {
  return {
    outputDim: table.dim,
    embed: (column, { size }) => {
      const { ids, length, words } = expectKind(column, "text");
      return table.bag(ids, size, length, words && { words });
    },
  };
}

function categoryModality(
  spec: Extract<ModalityEncoderSpec, { kind: "category" }>,
  { name, random, tables }: ModalityParts,
): Modality {
  const table = new EmbeddingTable({ ...tableOptions(spec), random, name });
  tables[name] = table;
  return {
    outputDim: spec.embeddingDim,
    embed: (column, { size }) =>
      column.kind === "categories"
        ? table.bag(column.ids, size, column.length)
        : table.lookup(expectKind(column, "categorical").ids),
  };
}

function vectorModality(
  { inputDim, hiddenLayers, outputDim }: Extract<ModalityEncoderSpec, { kind: "vector" }>,
  { name, random, weights }: ModalityParts,
): Modality {
  const mlp = new Mlp(name, mlpPlan(inputDim, hiddenLayers, outputDim, true), inputDim, outputDim, random);
  Object.assign(weights, mlp.weights());
  return {
    outputDim,
    embed: (column, { size }) => {
      const { values, dim } = expectKind(column, "vector");
      if (dim !== inputDim) throw new UserError(`${name}: vectors must have ${inputDim} entries, got ${dim}`);
      return mlp.apply(tf.tensor2d(values, [size, dim]));
    },
  };
}

function imageModality(
  { size, augmentation }: Extract<ModalityEncoderSpec, { kind: "cnn" | "patches" }>,
  encoder: { outputDim: number; apply(pictures: Float32Array, batch: number): tf.Tensor2D },
): Modality {
  return {
    outputDim: encoder.outputDim,
    embed: (column, { size: batch, training, random }) => {
      const image = expectKind(column, "image");
      if (image.size !== size)
        throw new UserError(`image encoder: pictures must have size ${size}, got ${image.size}`);
      const pixels = training ? augmented(image, augmentation, random) : image.pixels;
      return encoder.apply(normalisedPixels(image, pixels), batch);
    },
  };
}

function augmented(
  { pixels, size }: ImageColumn,
  augmentation: Parameters<typeof augmentPicture>[2],
  random: Random,
): Uint8Array {
  const { flip, crop, colour, blur, grid = 0 } = augmentation;
  if (flip === 0 && crop === 1 && colour === 0 && blur === 0 && grid === 0) return pixels;
  const out = new Uint8Array(pixels.length);
  const length = size * size * 3;
  for (let at = 0; at < pixels.length; at += length)
    out.set(augmentPicture(pixels.subarray(at, at + length), size, augmentation, random), at);
  return out;
}
