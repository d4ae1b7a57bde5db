import type { CrossFieldIssue } from "../../config/yaml-with-schema.js";
import { type DeclaredFeature, encoderPart } from "../encoder-part.js";
import { gemIssues } from "../gem.js";
import { resolvedRows } from "../model-sizes.js";
import { towersEncoder } from "./towers.js";
import { type ModalityEncoderConfig, type TowersSection, towersKeys } from "./towers-settings.js";
import type { ModalityEncoderSpec, TowerSpec, TowersSpec } from "./towers-spec.js";

function towerSpec(tower: TowersSection["query"], declared: readonly DeclaredFeature[]): TowerSpec {
  const { fusion } = tower;
  return {
    features: tower.features.map(({ feature, encoder }) => ({
      feature,
      encoder: modalitySpec(encoder, declared.find(({ name }) => name === feature)!),
    })),
    fusion:
      fusion.type === "gated_sum"
        ? { kind: "gated_sum" }
        : {
            ...{ kind: fusion.type, hiddenLayers: fusion.hidden_layers },
            ...("layer_start" in fusion &&
              fusion.layer_start !== "apart" && { layerStart: fusion.layer_start }),
          },
    modalityDropout: tower.modality_dropout,
  };
}

/** The configuration's checks have seen to it that the feature is of a type that the encoder reads. */
function modalitySpec(encoder: ModalityEncoderConfig, feature: DeclaredFeature): ModalityEncoderSpec {
  const { size = 0, dim: inputDim = 1 } = feature;
  switch (encoder.type) {
    case "bag":
      return { kind: "bag" };
    case "category":
      return {
        kind: "category",
        numEmbeddings: resolvedRows(encoder.num_embeddings),
        embeddingDim: encoder.embedding_dim,
        ...(encoder.initial_std !== null && { initialStd: encoder.initial_std }),
      };
    case "vector":
      return {
        kind: "vector",
        inputDim,
        hiddenLayers: encoder.hidden_layers,
        outputDim: encoder.output_dim,
      };
    case "cnn": {
      const { type, stem_stride, output_dim, pooling_options, ...rest } = encoder;
      const gem = pooling_options && { gem: pooling_options };
      return { kind: type, size, stemStride: stem_stride, outputDim: output_dim, ...rest, ...gem };
    }
    case "patches": {
      const { type, output_dim, pooling_options, ...rest } = encoder;
      const gem = pooling_options && { gem: pooling_options };
      return { kind: type, size, outputDim: output_dim, ...rest, ...gem };
    }
    case "regions": {
      const { type, output_dim, ...rest } = encoder;
      return { kind: type, inputDim, outputDim: output_dim, ...rest };
    }
  }
}

/** Which declared types an encoder can read. */
const reads: Record<ModalityEncoderConfig["type"], readonly string[]> = {
  bag: ["text"],
  category: ["categorical", "multi_categorical"],
  vector: ["vector", "pretrained", "onnx_image", "numeric"],
  cnn: ["image"],
  patches: ["image"],
  regions: ["regions"],
};

/** Rules between the towers and the declared features. */
function towersIssues(
  model: TowersSection,
  declared: { query: readonly DeclaredFeature[]; document: readonly DeclaredFeature[] },
): CrossFieldIssue[] {
  const issues: CrossFieldIssue[] = [];
  for (const side of ["query", "document"] as const)
    model[side].features.forEach(({ feature, encoder }, i) => {
      if (encoder.type === "cnn" || encoder.type === "patches")
        issues.push(...gemIssues(encoder, ["model", side, "features", i, "encoder"]));
      const found = declared[side].find((f) => f.name === feature);
      if (found === undefined || !reads[encoder.type].includes(found.type))
        issues.push({
          path: ["model", side, "features", i, "feature"],
          message: `must name a ${reads[encoder.type].join(" or ")} feature of dataset.${side}_features (${declared[side].map((f) => `${f.name}: ${f.type}`).join(", ")}), got "${feature}"`,
        });
      else if (encoder.type === "patches" && found.size !== undefined && found.size % encoder.patch !== 0)
        issues.push({
          path: ["model", side, "features", i, "encoder", "patch"],
          message: `must divide the size of the picture (${found.size}), got ${encoder.patch}`,
        });
      else if (
        encoder.type === "patches" &&
        encoder.mixing === "attention" &&
        encoder.width % encoder.heads !== 0
      )
        issues.push({
          path: ["model", side, "features", i, "encoder", "heads"],
          message: `must divide width (${encoder.width}), got ${encoder.heads}`,
        });
    });
  if (model.share_towers && model.query.features.length !== model.document.features.length)
    issues.push({
      path: ["model", "share_towers"],
      message: `needs as many features on both sides, got ${model.query.features.length} and ${model.document.features.length}`,
    });
  return issues;
}

export const towersPart = encoderPart({
  kind: "Towers",
  summary: "two towers over any features: text, categories, numbers, vectors, pictures, regions",
  settings: towersKeys,
  optionsOf: (section, { queryFeatures, documentFeatures }): { towers: TowersSpec } => ({
    towers: {
      query: towerSpec(section.query, queryFeatures),
      document: towerSpec(section.document, documentFeatures),
      share: section.share_towers,
    },
  }),
  check: (section, { queryFeatures, documentFeatures }) =>
    towersIssues(section, { query: queryFeatures, document: documentFeatures }),
  make: towersEncoder,
});
