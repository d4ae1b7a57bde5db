import fs from "node:fs";
import path from "node:path";
import { readDictionary } from "../datasets/dictionary-file.js";
import { readTokenizer } from "../encoders/pretrained/transformer-folder.js";
import { emptyRecord } from "../files/own-entry.js";
import type { CategoricalMapperOptions } from "../tokenizer/categorical-mapper.js";
import type { CleaningName } from "../tokenizer/text-cleaning.js";
import type { TextVectorizer } from "../tokenizer/text-vectorizer.js";
import { WordPieceVectorizer } from "../tokenizer/wordpiece/word-piece-vectorizer.js";
import { configCleaning } from "./config-cleaning.js";
import type { ExperimentConfig } from "./schema.js";
import type { FeatureConfig } from "./sections/dataset.js";
import { type VectorizerSpec, vectorizerOf } from "./stream/stream-vectorizer.js";

/** The vectoriser that a configuration names, with its dictionary read. */
export function createVectorizer(config: ExperimentConfig): TextVectorizer {
  const spec = vectorizerSpec(config);
  if (spec !== null) return vectorizerOf(spec);
  const options = config.text_vectorizer as Extract<
    ExperimentConfig["text_vectorizer"],
    { type: "word_pieces" }
  >;
  return new WordPieceVectorizer(
    readTokenizer(dictionaryPath(config.dataset_dir, options.vocabulary_path)),
    options.max_length,
    configCleaning(config).name,
  );
}

/** The vectoriser that a configuration names as plain data; null for word-pieces. */
export function vectorizerSpec(config: ExperimentConfig): VectorizerSpec | null {
  const options = config.text_vectorizer;
  const cleaning: CleaningName = configCleaning(config).name;
  const dictionary = (named: string | null, size: number | null) =>
    named === null
      ? new Map<string, number>()
      : firstEntries(readDictionary(dictionaryPath(config.dataset_dir, named), "token"), size);
  switch (options.type) {
    case "word_pieces":
      return null;
    case "hashing":
      return {
        kind: "hashing",
        numFeatures: options.num_features,
        maxLength: options.max_length,
        cleaning,
      };
    case "subword":
      return {
        kind: "subword",
        dictionary: dictionary(options.dictionary_path, options.dictionary_size),
        numOovTokens: options.num_oov_tokens,
        wordsLimit: options.words_limit,
        minLength: options.min_length,
        maxLength: options.max_length,
        buckets: options.buckets,
        ngramsLimit: options.ngrams_limit,
        cleaning,
      };
    case "dictionary":
      return {
        kind: "dictionary",
        dictionary: dictionary(options.dictionary_path, options.dictionary_size),
        numOovTokens: options.num_oov_tokens,
        wordUnigramsLimit: options.word_unigrams_limit,
        wordBigramsLimit: options.word_bigrams_limit,
        charTrigramsLimit: options.char_trigrams_limit,
        emptyText: options.empty_text,
        cleaning,
      };
  }
}

/** A dictionary pruned to its ids 1 … size; all of them for null. */
function firstEntries(entries: Map<string, number>, size: number | null): Map<string, number> {
  return size === null ? entries : new Map([...entries].filter(([, id]) => id <= size));
}

/** The mappers of one or several categories as plain data, by the feature's name. */
export function mapperOptions(config: ExperimentConfig): Record<string, CategoricalMapperOptions> {
  const mappers: Record<string, CategoricalMapperOptions> = emptyRecord();
  for (const feature of [...config.dataset.query_features, ...config.dataset.document_features])
    if (feature.type === "categorical" || feature.type === "multi_categorical")
      mappers[feature.name] = optionsOf(config.dataset_dir, feature);
  return mappers;
}

function optionsOf(
  datasetDir: string,
  feature: Extract<FeatureConfig, { type: "categorical" | "multi_categorical" }>,
): CategoricalMapperOptions {
  return {
    dictionary: readDictionary(dictionaryPath(datasetDir, feature.dictionary_path), "category"),
    numOovCategories: feature.num_oov_categories,
  };
}

/** A dictionary named in a configuration: inside the data set, else from the workspace root. */
function dictionaryPath(datasetDir: string, named: string): string {
  const inside = path.join(datasetDir, named);
  return fs.existsSync(inside) || !fs.existsSync(named) ? inside : named;
}
