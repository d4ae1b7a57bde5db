import type { KnownPositives, MaskRule } from "./candidate-mask.js";

/**
 * The cells that {@link candidateMask} masks in a batch, its own ones left out, as a list: for masks that are nearly
 * empty, without a matrix of B · B look-ups.
 *
 * @param queryIds    [B] numbers of the queries
 * @param documentIds [B] numbers of their documents; negative numbers match nothing
 * @returns (row, column) after (row, column), flattened; rows ascend
 */
export function maskedCells(
  queryIds: ArrayLike<number>,
  documentIds: ArrayLike<number>,
  rule: MaskRule,
  knownPositives: KnownPositives = () => undefined,
): Int32Array {
  if (rule === "none") return new Int32Array(0);
  const columnsOf = new Map<number, number[]>();
  for (let j = 0; j < documentIds.length; j++) {
    const id = documentIds[j]!;
    if (id < 0) continue;
    const columns = columnsOf.get(id);
    if (columns) columns.push(j);
    else columnsOf.set(id, [j]);
  }
  const cells: number[] = [];
  for (let i = 0; i < queryIds.length; i++) {
    const own = documentIds[i]!;
    const add = (id: number) => {
      for (const j of columnsOf.get(id) ?? []) if (j !== i) cells.push(i, j);
    };
    add(own);
    const positives = rule === "known_positives" ? knownPositives(queryIds[i]!) : undefined;
    if (!positives) continue;
    const [few, many] =
      positives.size < columnsOf.size ? [positives, columnsOf] : [columnsOf.keys(), positives];
    for (const id of few) if (id !== own && many.has(id)) add(id);
  }
  return Int32Array.from(cells);
}
