import { encoders } from "../encoders/create-encoder.js";
import type { EncoderSpec, TextTableSpec } from "../encoders/encoder.js";
import type { EncoderContext } from "../encoders/encoder-part.js";
import { resolvedRows } from "../encoders/model-sizes.js";
import { tailorSpec } from "../encoders/tailor/tailor-spec.js";
import type { ExperimentConfig } from "./schema.js";
import { objectiveName } from "./training-specs.js";

/** What of a configuration its encoder depends on, beside the section `model`. */
export function encoderContext({
  dataset,
  text_vectorizer,
}: Pick<ExperimentConfig, "dataset" | "text_vectorizer">): EncoderContext {
  return {
    queryFeatures: dataset.query_features,
    documentFeatures: dataset.document_features,
    vectorizer: text_vectorizer.type,
  };
}

/** The encoder that a configuration names, in plain data. */
export function encoderSpec(config: ExperimentConfig): EncoderSpec {
  const { model } = config;
  const { kind, ...own } = encoders.specOf(model);
  const part = model.type === "custom" ? null : encoders.get(kind);
  return {
    ...(part?.optionsOf ? part.optionsOf(model as never, encoderContext(config)) : optionsOf(own)),
    kind,
    textEmbedding: textTableSpec(model.text_embedding),
    outputDim: model.output_dim,
    ...(model.tailor && { tailor: tailorSpec(model.tailor) }),
    queryTextFeature: model.query.text_feature,
    documentTextFeature: model.document.text_feature,
  };
}

function textTableSpec(table: ExperimentConfig["model"]["text_embedding"]): TextTableSpec {
  const size = {
    numEmbeddings: resolvedRows(table.num_embeddings),
    embeddingDim: table.embedding_dim,
  };
  if (!("initial_std" in table)) return size;
  return {
    ...size,
    ...(table.initial_std !== null && { initialStd: table.initial_std }),
    ...(table.untrained_rows !== "random" && { untrainedRows: table.untrained_rows }),
  };
}

/** Options of an encoder that was registered, without the keys that every section has. */
function optionsOf(own: Record<string, unknown>): Record<string, unknown> {
  const { textEmbedding: _table, outputDim: _width, query: _query, document: _document, ...options } = own;
  return options;
}

export { lossSpec } from "./training-specs.js";

/** What tables call a run: its `name`, else model, what it reads and the loss's main setting. */
export function systemName(config: ExperimentConfig): string {
  if (config.name !== undefined) return config.name;
  const { model, text_vectorizer: text } = config;
  const reads = ["words"];
  if (text.type === "dictionary") {
    if (text.word_unigrams_limit === 0) reads.pop();
    if (text.word_bigrams_limit > 0) reads.push("bigrams");
    if (text.char_trigrams_limit > 0) reads.push("trigrams");
  }
  if (text.type === "subword") {
    if (text.words_limit === 0) reads.pop();
    if (text.ngrams_limit > 0) reads.push(`${text.min_length}–${text.max_length}-grams`);
  }
  if (text.type === "word_pieces") reads[0] = "word-pieces";
  if (model.type === "MultiModalTwoTower") reads.push("category");
  if (model.type === "Towers")
    reads.splice(
      0,
      reads.length,
      ...(["query", "document"] as const).map((side) =>
        model[side].features.map(({ feature }) => feature.replace(/^(query|document)_/, "")).join(" + "),
      ),
    );
  const kind = model.type === "custom" ? model.name : model.type;
  return `${kind}, ${reads.join(" + ")}, ${objectiveName(config)}`;
}
