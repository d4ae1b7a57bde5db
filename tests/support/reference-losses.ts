/**
 * The losses in float64 and obvious loops: what the fast implementations are checked against. Matrices are arrays of
 * rows.
 */
export type Matrix = readonly (readonly number[])[];

/** c_ij = q_i · d_j / (max(|q_i|, eps) max(|d_j|, eps)) */
export function referenceCosines(queries: Matrix, documents: Matrix, eps = 1e-8): number[][] {
  const norm = (row: readonly number[]) => Math.max(Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)), eps);
  return queries.map((q) =>
    documents.map((d) => q.reduce((sum, x, k) => sum + x * d[k]!, 0) / (norm(q) * norm(d))),
  );
}

/** Softmax cross-entropy over rows of cosines / τ: mean, rows, and the gradient with respect to the cosines. */
export function referenceBatchSoftmax(
  queries: Matrix,
  documents: Matrix,
  temperature: number,
): { loss: number; rows: number[]; gradientOfCosines: number[][] } {
  const cosines = referenceCosines(queries, documents);
  const size = cosines.length;
  const rows: number[] = [];
  const gradientOfCosines = cosines.map((row, i) => {
    const logits = row.map((c) => c / temperature);
    const top = Math.max(...logits);
    const total = logits.reduce((sum, x) => sum + Math.exp(x - top), 0);
    rows.push(top + Math.log(total) - logits[i]!);
    return logits.map((x, j) => (Math.exp(x - top) / total - (i === j ? 1 : 0)) / (size * temperature));
  });
  return { loss: rows.reduce((a, b) => a + b, 0) / size, rows, gradientOfCosines };
}

/**
 * The (anchor, positive, negative) triples of a batch, row-major: anchor i, its own document i, and every document
 * j ≠ i with j ≤ numNegatives. The comparison is inclusive as published, so anchors beyond the limit get one negative
 * more than the others, and the first documents of the batch are always the negatives.
 *
 * @see specs/0-qdrl.md section 8 and quirk Q5
 */
export function tripletMask(
  batchSize: number,
  numNegatives: number,
): { anchor: number[]; positive: number[]; negative: number[] } {
  const anchor: number[] = [];
  const negative: number[] = [];
  for (let i = 0; i < batchSize; i++)
    for (let j = 0; j < batchSize && j <= numNegatives; j++)
      if (j !== i) {
        anchor.push(i);
        negative.push(j);
      }
  return { anchor, positive: anchor.slice(), negative };
}

/** Triplet margin loss over columns j ≤ numNegatives, j ≠ i, row-major: mean and every term. */
export function referenceBatchTriplet(
  queries: Matrix,
  documents: Matrix,
  margin: number,
  numNegatives: number,
): { loss: number; terms: number[] } {
  const cosines = referenceCosines(queries, documents);
  const { anchor, negative } = tripletMask(cosines.length, numNegatives);
  const terms = anchor.map((i, t) =>
    Math.max(0, 1 - cosines[i]![i]! - (1 - cosines[i]![negative[t]!]!) + margin),
  );
  return { loss: terms.reduce((a, b) => a + b, 0) / Math.max(1, terms.length), terms };
}
