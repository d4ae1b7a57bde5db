import {
  DictionaryVectorizer,
  type DictionaryVectorizerOptions,
} from "../../tokenizer/dictionary-vectorizer.js";
import { HashingVectorizer, type HashingVectorizerOptions } from "../../tokenizer/hashing-vectorizer.js";
import { SubwordVectorizer, type SubwordVectorizerOptions } from "../../tokenizer/subword-vectorizer.js";
import type { TextVectorizer } from "../../tokenizer/text-vectorizer.js";

/** A vectoriser as plain data, so that it can be sent to worker threads. */
export type VectorizerSpec =
  | ({ kind: "dictionary" } & DictionaryVectorizerOptions)
  | ({ kind: "hashing" } & HashingVectorizerOptions)
  | ({ kind: "subword" } & SubwordVectorizerOptions);

/** The vectoriser that a spec describes. */
export function vectorizerOf(spec: VectorizerSpec): TextVectorizer {
  switch (spec.kind) {
    case "dictionary":
      return new DictionaryVectorizer(spec);
    case "hashing":
      return new HashingVectorizer(spec);
    case "subword":
      return new SubwordVectorizer(spec);
  }
}
