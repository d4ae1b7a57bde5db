/** A copy of a [·, dim] matrix with each row divided by max(its norm, 1e-8). */
export function normalizedRows(matrix: Float32Array, dim: number): Float32Array {
  const out = new Float32Array(matrix.length);
  for (let row = 0; row < matrix.length; row += dim) {
    let squares = 0;
    for (let i = row; i < row + dim; i++) squares += matrix[i]! * matrix[i]!;
    const factor = 1 / Math.max(1e-8, Math.sqrt(squares));
    for (let i = row; i < row + dim; i++) out[i] = matrix[i]! * factor;
  }
  return out;
}
