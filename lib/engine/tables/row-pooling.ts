/** The gradient of one `bag` or `lookup`: ids [size, length] as given, gradient [size, dim] of its output. */
export interface PooledGradient {
  ids: Int32Array;
  size: number;
  length: number;
  /** false: id 0 is padding; true: id 0 is a row and every position counts */
  countZero: boolean;
  gradient: Float32Array;
}

/** Gradients by row: unique ascending rows, values [rows.length, dim]. */
export interface RowGradients {
  rows: Int32Array;
  values: Float32Array;
}

/** 1 / (number of ids that count in bag `bag`), 0 for none. */
function shareOf(ids: Int32Array, bag: number, length: number, countZero: boolean): number {
  if (countZero) return 1 / length;
  let count = 0;
  for (let j = bag * length; j < (bag + 1) * length; j++) if (ids[j] !== 0) count++;
  return count === 0 ? 0 : 1 / count;
}

/** Mean of table rows per bag, in plain loops; ids are trusted to be in range. Returns [size, dim]. */
export function poolRows(
  table: Float32Array,
  stride: number,
  dim: number,
  ids: Int32Array,
  size: number,
  length: number,
  countZero: boolean,
): Float32Array {
  const out = new Float32Array(size * dim);
  for (let b = 0; b < size; b++) {
    const share = shareOf(ids, b, length, countZero);
    const to = b * dim;
    for (let j = b * length; j < (b + 1) * length; j++) {
      const id = ids[j]!;
      if (id === 0 && !countZero) continue;
      const from = id * stride;
      for (let d = 0; d < dim; d++) out[to + d]! += table[from + d]!;
    }
    if (share !== 1) for (let d = 0; d < dim; d++) out[to + d]! *= share;
  }
  return out;
}

/** Scatters pooled gradients to the rows they came from. The order of summation is that of `parts`, bag by bag. */
export function sumRowGradients(parts: readonly PooledGradient[], rows: number, dim: number): RowGradients {
  const touched = uniqueRows(parts);
  const slotOf = slotIndex(touched, rows);
  const values = new Float32Array(touched.length * dim);
  for (const { ids, size, length, countZero, gradient } of parts)
    for (let b = 0; b < size; b++) {
      const share = shareOf(ids, b, length, countZero);
      const from = b * dim;
      for (let j = b * length; j < (b + 1) * length; j++) {
        const id = ids[j]!;
        if (id === 0 && !countZero) continue;
        const to = slotOf(id) * dim;
        for (let d = 0; d < dim; d++) values[to + d]! += gradient[from + d]! * share;
      }
    }
  return { rows: touched, values };
}

function uniqueRows(parts: readonly PooledGradient[]): Int32Array {
  let total = 0;
  for (const part of parts) total += part.ids.length;
  const all = new Int32Array(total);
  let n = 0;
  for (const { ids, countZero } of parts)
    for (let i = 0; i < ids.length; i++) if (countZero || ids[i] !== 0) all[n++] = ids[i]!;
  const sorted = all.subarray(0, n).sort();
  let unique = 0;
  for (let i = 0; i < n; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[unique++] = sorted[i]!;
  return sorted.slice(0, unique);
}

function slotIndex(touched: Int32Array, rows: number): (id: number) => number {
  if (rows <= 1 << 16) {
    const slots = new Int32Array(rows);
    for (let i = 0; i < touched.length; i++) slots[touched[i]!] = i;
    return (id) => slots[id]!;
  }
  const slots = new Map<number, number>();
  for (let i = 0; i < touched.length; i++) slots.set(touched[i]!, i);
  return (id) => slots.get(id)!;
}
