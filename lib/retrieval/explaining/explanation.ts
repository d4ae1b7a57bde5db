/** How a score was divided among the words of a query, best known way first. */
export type ExplanationMethod = "tokens" | "active units" | "lexical" | "occlusion";

/** What each method's numbers mean, for whoever shows them. */
export const explanationNotes: Readonly<Record<ExplanationMethod, string>> = {
  tokens:
    "No layer lies above the bag of tokens, so the score is a sum over pairs of tokens: the shares are exact and add up to it.",
  "active units":
    "Shares of the units that these texts switch on (gradient × input, biases apart): they add up to the score, but leaving a word out may switch other units, which the column “without it” shows.",
  lexical: "BM25 adds one number for every token that query and document share: the shares are exact.",
  occlusion:
    "Occlusion: a share is what the score loses when the word is left out. An approximation; shares do not add up to the score.",
};

/** A piece of a query and what it brings. */
export interface TokenShare {
  text: string;
  kind: "word" | "bigram" | "n-gram" | "piece" | "bias";
  /** Place of its word in {@link Explanation.words}; −1 for biases. */
  word: number;
  share: number;
}

/** Why a document has its score for a query. */
export interface Explanation {
  method: ExplanationMethod;
  score: number;
  /** Words of the query with the sum of their tokens' shares and the score without the word (null: not known). */
  words: { text: string; share: number; without: number | null }[];
  /** What every token brings. Of all methods but occlusion the shares' sum is the score to 1e-6. */
  tokens: TokenShare[];
  /** Shares by word of the query and word of the document; null where the document is one. */
  grid: { columns: string[]; rows: string[]; values: number[][] } | null;
}

/** The text without its i-th word, for each i. */
export function textsWithoutAWord(words: readonly string[]): string[] {
  return words.map((_, left) => words.filter((_word, i) => i !== left).join(" "));
}
