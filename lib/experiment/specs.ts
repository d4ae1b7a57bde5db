import type { EncoderSpec } from "../encoders/encoder.js";
import type { ExperimentConfig } from "./schema.js";
import { resolvedRows } from "./table-sizes.js";
import { towersSpec } from "./towers-of-config.js";
import { objectiveName } from "./training-specs.js";
import { transformerSpec } from "./transformer-of-config.js";

/** The encoder that a configuration names, in plain data. */
export function encoderSpec({ model, dataset }: ExperimentConfig): EncoderSpec {
  const spec: EncoderSpec = {
    ...(model.type === "custom" ? model.options : {}),
    kind: model.type === "custom" ? model.name : model.type,
    textEmbedding: sizes(model.text_embedding),
    outputDim: model.output_dim,
    queryTextFeature: model.query.text_feature,
    documentTextFeature: model.document.text_feature,
  };
  if (model.type === "SimpleTextEncoder" || model.type === "RegularizedSimpleTextEncoder")
    spec.fcDim = model.fc_dim;
  if (model.type === "RegularizedSimpleTextEncoder") spec.dropout = model.dropout;
  if (model.type === "TwoTower" || model.type === "MultiModalTwoTower") {
    spec.hiddenLayers = model.hidden_layers;
    spec.lastLinear = model.last_linear;
    if (model.separate_tables) spec.separateTables = true;
    if (model.token_weights !== "uniform") spec.tokenWeights = model.token_weights;
  }
  if (model.type === "MultiModalTwoTower") {
    spec.documentCategoricalFeature = model.document.categorical_feature!;
    spec.categoryFeature = sizes(model.category_feature);
  }
  if (model.type === "Towers") spec.towers = towersSpec(model, dataset);
  if (model.type === "Transformer") spec.transformer = transformerSpec(model);
  return spec;
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

function sizes(table: { num_embeddings: number | "auto"; embedding_dim: number }) {
  return { numEmbeddings: resolvedRows(table.num_embeddings), embeddingDim: table.embedding_dim };
}
