import type { NamedToken } from "../tokenizer/text-vectorizer.js";
import type { BagSide } from "./bag-sides.js";

/** A summand of an embedding. */
export interface EmbeddingPart {
  /** What brings it; null: the biases of the layers. */
  token: NamedToken | null;
  vector: Float64Array;
}

/**
 * The embedding of a text as a sum of one vector per token, and one for biases where there are layers:
 *
 * bag:    part(t) = w(t) · row(t) / n, n tokens
 * layer:  part(t) ← W part(t), bias ← W bias + b; then every unit whose sum is not above 0 is cleared in all parts
 *
 * The sum is the embedding to rounding. Without layers a part depends on its token and n alone; under a ReLU also on which
 * units the whole text switches on, so a part does not say what the text would be without its token.
 *
 * @param tokens  of one text; none give the zero vector, or what the layers make of it
 */
export function embeddingParts(side: BagSide, tokens: readonly NamedToken[]): EmbeddingPart[] {
  const { table, weights, tower } = side;
  const { dim, stride, values } = table;
  let parts: EmbeddingPart[] = tokens.map((token) => {
    const weight = (weights?.values[token.id * weights.stride] ?? 1) / tokens.length;
    const row = values.subarray(token.id * stride, token.id * stride + dim);
    return { token, vector: Float64Array.from(row, (value) => value * weight) };
  });
  if (tower.layers.length === 0)
    return parts.length > 0 ? parts : [{ token: null, vector: new Float64Array(dim) }];
  parts.push({ token: null, vector: new Float64Array(dim) });
  for (const { weight, bias, relu } of tower.layers) {
    const matrix = weight.dataSync();
    const offsets = bias.dataSync();
    parts = parts.map(({ token, vector }) => ({
      token,
      vector: throughLayer(vector, matrix, token === null ? offsets : null, offsets.length),
    }));
    if (relu) clearOffUnits(parts, offsets.length);
  }
  return parts;
}

function throughLayer(
  input: Float64Array,
  matrix: ArrayLike<number>,
  offsets: ArrayLike<number> | null,
  width: number,
): Float64Array {
  const out = offsets ? Float64Array.from(offsets) : new Float64Array(width);
  for (let k = 0; k < input.length; k++) {
    const value = input[k]!;
    if (value !== 0) for (let j = 0; j < width; j++) out[j]! += value * matrix[k * width + j]!;
  }
  return out;
}

function clearOffUnits(parts: readonly EmbeddingPart[], width: number): void {
  for (let j = 0; j < width; j++) {
    let sum = 0;
    for (const { vector } of parts) sum += vector[j]!;
    if (!(sum > 0)) for (const { vector } of parts) vector[j] = 0;
  }
}

/**
 * What each pair of parts adds to the similarity of two embeddings; their sum is the similarity to rounding.
 *
 * share(p, r) = p · r / (‖Σ p‖ ‖Σ r‖) for cosine, p · r for dot
 *
 * @returns a row per part of the query, a column per part of the document
 */
export function pairShares(
  query: readonly EmbeddingPart[],
  document: readonly EmbeddingPart[],
  similarity: "cosine" | "dot",
): Float64Array[] {
  const scale = similarity === "dot" ? 1 : 1 / (lengthOfSum(query) * lengthOfSum(document));
  return query.map(({ vector }) =>
    Float64Array.from(document, (other) => {
      let sum = 0;
      for (let d = 0; d < vector.length; d++) sum += vector[d]! * other.vector[d]!;
      return sum * scale;
    }),
  );
}

/** As the searches have it: at least 1e-8. */
function lengthOfSum(parts: readonly EmbeddingPart[]): number {
  const sum = new Float64Array(parts[0]!.vector.length);
  for (const { vector } of parts) for (let d = 0; d < sum.length; d++) sum[d]! += vector[d]!;
  return Math.max(1e-8, Math.hypot(...sum));
}
