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

/** Triplet margin loss over columns j ≤ numNegatives, j ≠ i, row-major: mean and every term. */
export function referenceBatchTriplet(
  queries: Matrix,
  documents: Matrix,
  margin: number,
  numNegatives: number,
): { loss: number; terms: number[] } {
  const cosines = referenceCosines(queries, documents);
  const terms: number[] = [];
  cosines.forEach((row, i) => {
    row.forEach((c, j) => {
      if (j !== i && j <= numNegatives) terms.push(Math.max(0, 1 - row[i]! - (1 - c) + margin));
    });
  });
  return { loss: terms.reduce((a, b) => a + b, 0) / Math.max(1, terms.length), terms };
}
