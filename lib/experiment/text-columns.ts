import { sourceColumns } from "../features/feature-pipeline.js";
import type { ExperimentConfig } from "./schema.js";
import type { FeatureConfig } from "./sections/dataset.js";

/** Columns that an encoder reads, and the one that names a document. */
export function textColumnsOf(config: ExperimentConfig): {
  /** Query columns, the search phrase first. */
  textColumns: string[];
  /** All query columns, those that hold text first. */
  queryColumns: string[];
  /** Of model.document.text_feature: the first column of that feature, or a stored column that no feature reads. */
  nameColumn: string;
  documentColumns: string[];
} {
  const { query_features: queries, document_features: documents } = config.dataset;
  const text = config.model.query.text_feature;
  const name = config.model.document.text_feature;
  const named = documents.find((feature) => feature.name === name);
  const texts = sources(queries.filter(isText));
  const textColumns = [...new Set([text, ...texts])].filter((column) => texts.includes(column));
  return {
    textColumns,
    queryColumns: [...new Set([...textColumns, ...sources(queries)])],
    nameColumn: named === undefined ? name : sources([named])[0]!,
    documentColumns: sources(documents.filter((feature) => isText(feature) || feature.type === "pretrained")),
  };
}

const isText = ({ type }: FeatureConfig) => type === "text";

/** Columns that features are read from, each once. */
function sources(features: readonly FeatureConfig[]): string[] {
  return [...new Set(features.flatMap((feature) => sourceColumns({ from: undefined, ...feature })))];
}
