import type { PackedCorpus } from "../../browser/payload.js";
import type { Pool } from "../../experiment/evaluation-set.js";
import { ownEntry } from "../../files/own-entry.js";

/** The documents of a page with their names, and the characters that picture them where there are some. */
export function liveCorpus({ ids, items }: Pool, nameColumn: string): PackedCorpus {
  const glyphs = items.map((item) => item["document_emoji"] ?? "");
  return {
    ids: [...ids],
    names: items.map((item, i) => ownEntry(item, nameColumn) || item["document_name"] || ids[i]!),
    ...(glyphs.some((glyph) => glyph !== "") ? { glyphs } : {}),
    columns: {},
  };
}

/** Adds columns of the pool that the corpus lacks. */
export function addColumns(corpus: PackedCorpus, { items }: Pool, columns: Iterable<string>): void {
  for (const column of columns) corpus.columns[column] ??= items.map((item) => ownEntry(item, column) ?? "");
}
