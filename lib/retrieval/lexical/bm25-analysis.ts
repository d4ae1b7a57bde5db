import type { TextCleaning } from "../../tokenizer/text-cleaning.js";
import { ngramAnalyzer } from "./ngram-analysis.js";
import { createAnalyzer } from "./text-analysis.js";

/** How a BM25 system makes tokens of texts, as its configuration spells it. */
export type Bm25Analysis =
  | { type: "cleaned" }
  | {
      type: "standard";
      stop_words: "english" | null;
      stemmer: string | null;
      min_length: number;
    }
  | { type: "ngrams"; min_length: number; max_length: number; words: boolean };

/** Text → tokens. A text's tokens are those of its words, one after the other. */
export function bm25Analyzer(analysis: Bm25Analysis, cleaning: TextCleaning): (text: string) => string[] {
  const { name, clean, segment } = cleaning;
  const words = (text: string) =>
    segment(clean(text))
      .split(" ")
      .filter((word) => word !== "");
  if (analysis.type === "cleaned") return words;
  if (analysis.type === "ngrams") {
    const ngrams = ngramAnalyzer({
      minLength: analysis.min_length,
      maxLength: analysis.max_length,
      words: analysis.words,
      segment,
    });
    return (text) => ngrams(clean(text));
  }
  return createAnalyzer({
    stopWords: analysis.stop_words,
    stemmer: analysis.stemmer,
    minLength: analysis.min_length,
    ...(name === "published" ? {} : { words }),
  });
}
