import type { Random } from "../../engine/random/random.js";
import { DataError } from "../../files/data-error.js";
import type { JudgedQuery } from "../judged-split.js";

/** How much of a data set is kept; as NanoBEIR: 50 queries, 10,000 documents. */
export interface SubsetSizes {
  queries: number;
  documents: number;
}

/**
 * A part of a data set that is searched like the whole: `queries` of its test queries, drawn at random, every document that is
 * judged for one of them or for a query that is kept for training or validation, and others drawn at random up to
 * `documents`, in the order of the corpus. Fewer documents are easier to tell apart, so figures of a part compare with
 * figures of the same part alone. (NanoBEIR fills up with what BM25 finds, which is harder than what is drawn.)
 *
 * @throws DataError if the judged documents alone are more than `documents`
 */
export function beirSubset<D extends { document_id: string }>(
  documents: readonly D[],
  test: readonly JudgedQuery[],
  kept: readonly JudgedQuery[],
  { queries: count, documents: most }: SubsetSizes,
  random: Random,
): { documents: D[]; test: JudgedQuery[] } {
  const places = random
    .fork("queries")
    .shuffle(Int32Array.from(test, (_, i) => i))
    .slice(0, count)
    .sort();
  const chosen = Array.from(places, (i) => test[i]!);
  const judged = new Set([...chosen, ...kept].flatMap(({ grades }) => Object.keys(grades)));
  const needed = documents.filter(({ document_id: id }) => judged.has(id)).length;
  if (needed > most)
    throw new DataError(
      `documents of the subset: must be at least the ${needed} that are judged, got ${most}`,
    );
  const others = documents.flatMap(({ document_id: id }, row) => (judged.has(id) ? [] : [row]));
  const drawn = new Set(
    random
      .fork("documents")
      .shuffle(Int32Array.from(others))
      .slice(0, most - needed),
  );
  return {
    test: chosen,
    documents: documents.filter(({ document_id: id }, row) => judged.has(id) || drawn.has(row)),
  };
}
