import type { ModelConfig } from "../encoders/create-encoder.js";
import { readArchitecture } from "../encoders/pretrained/transformer-folder.js";
import { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import type { ExperimentConfig } from "./schema.js";
import { createVectorizer, mapperOptions } from "./vectorizers.js";

type Rows = number | "auto";

/**
 * The configuration with a number for every `num_embeddings: auto`: as many rows as ids can come out of the vectoriser
 * (dictionary entries + OOV tokens + buckets), of the category's mapper (dictionary entries + OOV categories), or as the
 * word table of `pretrained` has. What a run stores, so that it can be opened without its data set.
 *
 * Without any auto nothing is read.
 *
 * @throws UserError for a dictionary or vocabulary that cannot be read
 */
export function resolveTableSizes(config: ExperimentConfig): ExperimentConfig {
  const { model } = config;
  const textRows = (rows: Rows): number => {
    if (rows !== "auto") return rows;
    if (model.type === "Transformer" && model.pretrained !== null)
      return readArchitecture(model.pretrained).vocabSize;
    return createVectorizer(config).rows;
  };
  const categoryRows = (rows: Rows, feature: string): number => {
    if (rows !== "auto") return rows;
    return new CategoricalMapper(mapperOptions(config)[feature]!).rows;
  };
  const rows = textRows(model.text_embedding.num_embeddings);
  const sized = {
    ...model,
    text_embedding: { ...model.text_embedding, num_embeddings: rows },
  } as ModelConfig;
  if (sized.type === "MultiModalTwoTower") {
    const feature = sized.document.categorical_feature!;
    const num_embeddings = categoryRows(sized.category_feature.num_embeddings, feature);
    const category_feature = { ...sized.category_feature, num_embeddings };
    return { ...config, model: { ...sized, category_feature } };
  }
  if (sized.type !== "Towers") return { ...config, model: sized };
  const tower = (side: "query" | "document") => ({
    ...sized[side],
    features: sized[side].features.map(({ feature, encoder }) => ({
      feature,
      encoder:
        encoder.type === "category"
          ? { ...encoder, num_embeddings: categoryRows(encoder.num_embeddings, feature) }
          : encoder,
    })),
  });
  return {
    ...config,
    model: { ...sized, query: tower("query"), document: tower("document") },
  };
}
