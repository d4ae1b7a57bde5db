import type { Augmentation } from "../../features/augment-picture.js";
import type { GemOptions } from "../gem.js";
import type { LayerStart } from "../mlp.js";

/** How one feature is embedded, in plain data. */
export type ModalityEncoderSpec =
  /** mean of the token embeddings, from the table that all texts share */
  | { kind: "bag" }
  /** a row per category; of several categories the mean */
  | { kind: "category"; numEmbeddings: number; embeddingDim: number; initialStd?: number }
  /** MLP over numbers and precomputed vectors */
  | { kind: "vector"; inputDim: number; hiddenLayers: readonly number[]; outputDim: number }
  | {
      kind: "cnn";
      size: number;
      channels: readonly number[];
      blocks: number;
      stemStride: number;
      /** how positions become one; default mean */
      pooling?: "mean" | "gem" | undefined;
      gem?: GemOptions;
      outputDim: number;
      augmentation: Augmentation;
    }
  | {
      kind: "patches";
      size: number;
      patch: number;
      width: number;
      layers: number;
      mixing: "mlp" | "attention";
      heads: number;
      /** how patches become one; default mean */
      pooling?: "mean" | "gem" | undefined;
      gem?: GemOptions;
      outputDim: number;
      augmentation: Augmentation;
    }
  /** attention over detected regions, see RegionEncoder */
  | { kind: "regions"; inputDim: number; width: number; heads: number; outputDim: number; dropout: number };

export interface FeatureSpec {
  /** column of the batch */
  feature: string;
  encoder: ModalityEncoderSpec;
}

/** How the embeddings of a tower's features become one. */
export type FusionSpec =
  /** side by side, then an MLP: the thesis' way */
  | { kind: "concat"; hiddenLayers: readonly number[]; layerStart?: LayerStart }
  /** each projected, weighted by a sigmoid gate that sees all of them, added */
  | { kind: "gated_sum" }
  /** each projected, then a learned query attends to them */
  | { kind: "attention"; hiddenLayers: readonly number[] };

export interface TowerSpec {
  features: readonly FeatureSpec[];
  fusion: FusionSpec;
  /** probability that a feature is taken for missing in a training row; one of them always stays */
  modalityDropout: number;
}

/** Encoder of kind "Towers". */
export interface TowersSpec {
  query: TowerSpec;
  document: TowerSpec;
  /** both sides use the query's parameters, features matched by position (names may differ) */
  share: boolean;
}
