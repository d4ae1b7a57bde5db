import { UserError } from "../../files/user-error.js";
import type { Labelled } from "./tuples.js";

/** The rows that a miner was given, and their width. @throws RangeError where it was given none */
export function rowsOf(caller: string, { rows, labels }: Labelled): { rows: Float32Array; dim: number } {
  if (!rows) throw new UserError(`${caller}: must be given the embeddings, got labels and distances only`);
  return { rows, dim: rows.length / Math.max(1, labels.length) };
}

/** Cosines of all rows with each other, [N, N] row by row; a row of zeros has cosine 0 with all. */
export function cosinesOf(caller: string, items: Labelled): Float64Array {
  const { rows, dim } = rowsOf(caller, items);
  const size = items.labels.length;
  const unit = Float64Array.from(rows);
  for (let i = 0; i < size; i++) {
    let square = 0;
    for (let k = 0; k < dim; k++) square += unit[i * dim + k]! ** 2;
    const norm = Math.max(Math.sqrt(square), 1e-12);
    for (let k = 0; k < dim; k++) unit[i * dim + k]! /= norm;
  }
  const cosines = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) {
      let dot = 0;
      for (let k = 0; k < dim; k++) dot += unit[i * dim + k]! * unit[j * dim + k]!;
      cosines[i * size + j] = cosines[j * size + i] = dot;
    }
  return cosines;
}
