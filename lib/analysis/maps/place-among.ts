import { pointIndex } from "./nearest-points.js";

/** Placed points that a point outside the layout's sample is put among. */
export const PLACED_BY = 5;

/**
 * Coordinates of all points: those laid out as they are, each other at the mean of its 5 nearest ones among them.
 *
 * @param unit         [n, dim], unit rows
 * @param rows         those laid out, ascending
 * @param coordinates  theirs, [rows.length, 2]
 * @returns [n, 2]
 */
export async function placeAmong(
  unit: Float32Array,
  dim: number,
  rows: Int32Array,
  coordinates: Float32Array,
): Promise<Float32Array> {
  const total = unit.length / dim;
  const out = new Float32Array(total * 2);
  const laidOut = new Uint8Array(total);
  rows.forEach((row, i) => {
    out.set(coordinates.subarray(2 * i, 2 * i + 2), 2 * row);
    laidOut[row] = 1;
  });
  const rest = Int32Array.from({ length: total }, (_, row) => row).filter((row) => laidOut[row] === 0);
  const k = Math.min(PLACED_BY, rows.length);
  const index = pointIndex(takeRows(unit, dim, rows), dim);
  try {
    const { ids } = await index.search(takeRows(unit, dim, rest), k);
    rest.forEach((row, i) => {
      const found = ids.subarray(i * k, (i + 1) * k).filter((id) => id >= 0);
      for (const id of found)
        for (const axis of [0, 1]) out[2 * row + axis]! += coordinates[2 * id + axis]! / found.length;
    });
    return out;
  } finally {
    await index.close();
  }
}

/** A copy of some rows of a [·, dim] matrix. */
export function takeRows(matrix: Float32Array, dim: number, rows: Int32Array): Float32Array {
  const out = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    out.set(matrix.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return out;
}
