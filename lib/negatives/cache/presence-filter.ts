import { UserError } from "../../files/user-error.js";
import type { FieldRows, NegativeCache } from "./negative-cache.js";

/**
 * Which new items are not in the cache yet: an item is in it if one row equals it in every element of every named field.
 * Rows never written count as rows of zeros, as published, unless `writtenOnly` is set.
 *
 * @returns [n] true = absent = keep, meant as the mask of new items
 * @throws RangeError for a floating-point field (equality of embeddings means nothing), or one that the cache lacks
 */
export function absentFromCache(
  cache: NegativeCache,
  newItems: FieldRows,
  fields: readonly string[],
  options: { writtenOnly?: boolean } = {},
): boolean[] {
  for (const field of fields) {
    if (!cache.specs[field])
      throw new UserError(
        `absentFromCache: fields must be of the cache (${Object.keys(cache.specs).join(", ")}), got "${field}"`,
      );
    if (cache.specs[field]!.dtype === "float32")
      throw new UserError(`absentFromCache: fields must hold integers, got "${field}" of float32`);
  }
  const keyOf = (rows: FieldRows, row: number) =>
    fields
      .map((field) => {
        const width = cache.width(field);
        return Array.from({ length: width }, (_, i) => rows[field]![row * width + i]).join(",");
      })
      .join(";");
  const present = new Set<string>();
  for (let row = 0; row < cache.size; row++)
    if (!options.writtenOnly || cache.written[row]) present.add(keyOf(cache.data, row));
  const count = newItems[fields[0]!]!.length / cache.width(fields[0]!);
  return Array.from({ length: count }, (_, item) => !present.has(keyOf(newItems, item)));
}
