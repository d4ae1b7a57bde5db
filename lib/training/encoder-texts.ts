import type { ExperimentConfig } from "../config/schema.js";
import type { FeatureConfig } from "../config/sections/dataset.js";
import { sourceColumns } from "../features/feature-pipeline.js";

/** Columns that an encoder reads as text, and the one that names a document. */
export function encoderTexts(config: ExperimentConfig): {
  /** Query columns, the search phrase first. */
  textColumns: string[];
  nameColumn: string;
  documentColumns: string[];
} {
  const { query_features: queries, document_features: documents } = config.dataset;
  const text = config.model.query.text_feature;
  const named =
    documents.find((feature) => feature.name === config.model.document.text_feature) ?? documents[0]!;
  const texts = textSources(queries);
  return {
    textColumns: [...new Set([text, ...texts])].filter((column) => texts.includes(column)),
    nameColumn: sourceColumns({ from: undefined, ...named })[0]!,
    documentColumns: textSources(documents),
  };
}

/** Columns that text features are read from, each once. */
function textSources(features: readonly FeatureConfig[]): string[] {
  const texts = features.filter((feature) => feature.type === "text");
  return [...new Set(texts.flatMap((feature) => [...sourceColumns(feature)]))];
}
