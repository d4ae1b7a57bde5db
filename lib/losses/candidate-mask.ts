import { UserError } from "../files/user-error.js";

/** What is masked as a false negative: nothing, equal documents, or every document known to answer the query. */
export type MaskRule = "none" | "same_document" | "known_positives";

/** All positives of a query, by number. */
export type KnownPositives = (query: number) => ReadonlySet<number> | undefined;

/**
 * Which candidates are negatives of which query: 1, or 0 for a document that must not be pushed away.
 * "same_document": documentIds[j] = documentIds[i]; "known_positives": that, or documentIds[j] is a positive of query i.
 *
 * @param queryIds    [B] numbers of the queries
 * @param documentIds [C] numbers of the candidates, the first B of them the positives; negative numbers match nothing
 * @param options.inBatch false leaves all other queries' documents out as well (only columns from B on are negatives)
 * @returns [B, C] row by row; own cells are 0
 */
export function candidateMask(
  queryIds: ArrayLike<number>,
  documentIds: ArrayLike<number>,
  rule: MaskRule,
  knownPositives: KnownPositives = () => undefined,
  options: { inBatch?: boolean } = {},
): Float32Array {
  const [size, columns] = [queryIds.length, documentIds.length];
  if (columns < size)
    throw new UserError(`candidateMask: must have a document per query, got ${size} and ${columns}`);
  const mask = new Float32Array(size * columns).fill(1);
  for (let i = 0; i < size; i++) {
    const row = i * columns;
    if (options.inBatch === false) mask.fill(0, row, row + size);
    mask[row + i] = 0;
    if (rule === "none") continue;
    const positives = rule === "known_positives" ? knownPositives(queryIds[i]!) : undefined;
    const own = documentIds[i]!;
    for (let j = 0; j < columns; j++) {
      const id = documentIds[j]!;
      if (id >= 0 && (id === own || positives?.has(id))) mask[row + j] = 0;
    }
  }
  return mask;
}

/** The positives of each query in a list of pairs, as a look-up. */
export function positivesByQuery(queryOf: ArrayLike<number>, documentOf: ArrayLike<number>): KnownPositives {
  const sets = new Map<number, Set<number>>();
  for (let pair = 0; pair < queryOf.length; pair++) {
    const set = sets.get(queryOf[pair]!);
    if (set) set.add(documentOf[pair]!);
    else sets.set(queryOf[pair]!, new Set([documentOf[pair]!]));
  }
  return (query) => sets.get(query);
}
