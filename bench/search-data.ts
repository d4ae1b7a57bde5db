import { Random } from "../lib/engine/random/random.js";
import { normalizedRows } from "../lib/retrieval/indexes/unit-rows.js";

/** [rows, dim] of standard normals. */
export function normals(rows: number, dim: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * dim }, () => random.normal());
}

/** Unit vectors around 1,000 centres, spread in 32 of the dimensions: more like embeddings than white noise. */
export function clustered(rows: number, dim: number, seed: number): Float32Array {
  const centres = normals(1000, dim, 99);
  const random = new Random(seed);
  const out = new Float32Array(rows * dim);
  for (let i = 0; i < rows; i++) {
    const c = random.int(1000) * dim;
    const first = c % (dim - 32);
    for (let j = 0; j < dim; j++) {
      const spread = j >= first && j < first + 32 ? 1.5 : 0.2;
      out[i * dim + j] = centres[c + j]! + spread * random.normal();
    }
  }
  return normalizedRows(out, dim);
}
