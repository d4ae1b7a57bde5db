import { type EmbeddingPart, embeddingParts, pairShares } from "../../encoders/attribution.js";
import type { BagSide } from "../../encoders/bag-sides.js";
import type { TextVectorizer } from "../../tokenizer/text-vectorizer.js";
import type { Explanation, TokenShare } from "./explanation.js";

export interface BagPair {
  vectorizer: TextVectorizer;
  query: BagSide;
  /** null: the document is known by its embedding alone */
  document: BagSide | null;
  similarity: "cosine" | "dot";
}

/**
 * Shares of the tokens of a query in its score for a document, by word of the document too.
 *
 * @param query     cleaned
 * @param document  cleaned, or the document's embedding where its side is no bag
 * @param score     as the search gave it
 */
export function explainBags(
  { vectorizer, query: querySide, document: documentSide, similarity }: BagPair,
  query: string,
  document: string | Float32Array,
  score: number,
): Explanation {
  const parts = embeddingParts(querySide, vectorizer.tokensOf(query));
  const columns = wordsOf(vectorizer, query);
  const others: EmbeddingPart[] =
    typeof document === "string"
      ? embeddingParts(documentSide!, vectorizer.tokensOf(document))
      : [{ token: null, vector: Float64Array.from(document) }];
  const shares = pairShares(parts, others, similarity);
  const tokens = parts.map(
    ({ token }, i): TokenShare => ({
      text: token?.text ?? "bias",
      kind: token?.kind ?? "bias",
      word: token?.word ?? -1,
      share: shares[i]!.reduce((sum, share) => sum + share, 0),
    }),
  );
  const words = columns.map((text, word) => ({
    text,
    share: tokens.reduce((sum, token) => sum + (token.word === word ? token.share : 0), 0),
    without: null,
  }));
  const layered =
    querySide.tower.layers.some(({ relu }) => relu) ||
    (documentSide?.tower.layers.some(({ relu }) => relu) ?? false);
  return {
    method: layered ? "active units" : "tokens",
    score,
    words,
    tokens,
    grid:
      typeof document === "string"
        ? gridOf(parts, others, shares, columns, wordsOf(vectorizer, document))
        : null,
  };
}

/** The words that {@link NamedToken.word} counts. */
function wordsOf({ cleaning }: TextVectorizer, cleaned: string): string[] {
  return cleaning
    .segment(cleaned)
    .split(" ")
    .filter((word) => word !== "");
}

/** Shares summed by word on both sides; biases have a row or column of their own, last. */
function gridOf(
  query: readonly EmbeddingPart[],
  document: readonly EmbeddingPart[],
  shares: readonly Float64Array[],
  queryWords: readonly string[],
  documentWords: readonly string[],
): NonNullable<Explanation["grid"]> {
  const names = (words: readonly string[], parts: readonly EmbeddingPart[]) =>
    parts.some(({ token }) => token === null) ? [...words, "bias"] : [...words];
  const rows = names(queryWords, query);
  const columns = names(documentWords, document);
  const place = ({ token }: EmbeddingPart, all: readonly string[]) => token?.word ?? all.length - 1;
  const values = rows.map(() => columns.map(() => 0));
  query.forEach((part, i) => {
    document.forEach((other, j) => {
      const row = values[place(part, rows)];
      if (row) row[place(other, columns)]! += shares[i]![j]!;
    });
  });
  return { rows, columns, values };
}
