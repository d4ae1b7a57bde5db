import { FeaturePipeline } from "../features/feature-pipeline.js";
import { TokenReader } from "../features/token-reader.js";
import { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import type { TextVectorizer } from "../tokenizer/text-vectorizer.js";
import { WordPieceVectorizer } from "../tokenizer/wordpiece/word-piece-vectorizer.js";
import { FeatureReaders } from "./feature-readers.js";
import type { ExperimentConfig } from "./schema.js";
import { createVectorizer, mapperOptions } from "./vectorizers.js";

/** How both sides of a configuration's encoder read rows. */
export interface EncoderFeatures {
  queryFeatures: FeaturePipeline;
  documentFeatures: FeaturePipeline;
  /** to be told of rows before they are encoded: decode their pictures */
  readers: { query: FeatureReaders; document: FeatureReaders };
}

/** Mappers of a configuration's categories, by feature. */
export function categoryMappers(config: ExperimentConfig): Record<string, CategoricalMapper> {
  return Object.fromEntries(
    Object.entries(mapperOptions(config)).map(([name, options]) => [name, new CategoricalMapper(options)]),
  );
}

/**
 * Pipelines from rows of text cells to the batches that a configuration's encoder reads. A transformer reads word-pieces,
 * all others the vectoriser's ids.
 */
export async function encoderFeatures(
  config: ExperimentConfig,
  vectorizer: TextVectorizer = createVectorizer(config),
  categories: Readonly<Record<string, CategoricalMapper>> = categoryMappers(config),
): Promise<EncoderFeatures> {
  const tokens =
    config.model.type === "Transformer" && vectorizer instanceof WordPieceVectorizer
      ? new TokenReader(vectorizer.tokenizer, vectorizer.length)
      : null;
  const side = async (features: ExperimentConfig["dataset"]["query_features"]) => {
    const readers = await FeatureReaders.create(config, features, categories);
    const shared = { features, vectorizer, tokens, categories };
    return { readers, pipeline: new FeaturePipeline({ ...shared, readers: readers.readers }) };
  };
  const query = await side(config.dataset.query_features);
  const document = await side(config.dataset.document_features);
  return {
    queryFeatures: query.pipeline,
    documentFeatures: document.pipeline,
    readers: { query: query.readers, document: document.readers },
  };
}
