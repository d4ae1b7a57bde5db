import type { ModalityEncoderSpec, TowerSpec, TowersSpec } from "../encoders/modalities/towers-spec.js";
import type { FeatureConfig } from "./sections/dataset.js";
import type { ModalityEncoderConfig, TowersModel } from "./sections/towers.js";
import { resolvedRows } from "./table-sizes.js";

/** The towers that a configuration names, with sizes taken from the features they read. */
export function towersSpec(
  model: TowersModel,
  declared: { query_features: readonly FeatureConfig[]; document_features: readonly FeatureConfig[] },
): TowersSpec {
  return {
    query: towerSpec(model.query, declared.query_features),
    document: towerSpec(model.document, declared.document_features),
    share: model.share_towers,
  };
}

function towerSpec(tower: TowersModel["query"], declared: readonly FeatureConfig[]): TowerSpec {
  const { fusion } = tower;
  return {
    features: tower.features.map(({ feature, encoder }) => ({
      feature,
      encoder: modalitySpec(encoder, declared.find(({ name }) => name === feature)!),
    })),
    fusion:
      fusion.type === "gated_sum"
        ? { kind: "gated_sum" }
        : { kind: fusion.type, hiddenLayers: fusion.hidden_layers },
    modalityDropout: tower.modality_dropout,
  };
}

/** The configuration's checks have seen to it that the feature is of a type that the encoder reads. */
function modalitySpec(encoder: ModalityEncoderConfig, feature: FeatureConfig): ModalityEncoderSpec {
  const size = feature.type === "image" ? feature.size : 0;
  const inputDim = "dim" in feature ? feature.dim : 1;
  switch (encoder.type) {
    case "bag":
      return { kind: "bag" };
    case "category":
      return {
        kind: "category",
        numEmbeddings: resolvedRows(encoder.num_embeddings),
        embeddingDim: encoder.embedding_dim,
      };
    case "vector":
      return {
        kind: "vector",
        inputDim,
        hiddenLayers: encoder.hidden_layers,
        outputDim: encoder.output_dim,
      };
    case "cnn": {
      const { type, stem_stride, output_dim, ...rest } = encoder;
      return { kind: type, size, stemStride: stem_stride, outputDim: output_dim, ...rest };
    }
    case "patches": {
      const { type, output_dim, ...rest } = encoder;
      return { kind: type, size, outputDim: output_dim, ...rest };
    }
    case "regions": {
      const { type, output_dim, ...rest } = encoder;
      return { kind: type, inputDim, outputDim: output_dim, ...rest };
    }
  }
}
