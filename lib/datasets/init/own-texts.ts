import path from "node:path";
import { ownEntry } from "../../files/own-entry.js";
import { layout } from "../dataset-layout.js";
import { readItems } from "../items.js";

/** Documents that are looked at. */
const MOST_DOCUMENTS = 2000;
/** Longer titles are texts. */
const TITLE_WORDS = 15;
/** Words from which on a column has sentences to ask with. */
const PROSE_WORDS = 6;

/** Columns of documents that can be queries of their own documents; one of them is there. */
export interface OwnTexts {
  title: string | null;
  /** running text, whose sentences and spans are asked */
  prose: string | null;
}

/**
 * Which of the documents' columns can be queries: the name, unless it is empty or long, and the column with the longest texts, if
 * they are longer than a few words. Where texts are a word or two, they are their own queries.
 */
export async function ownTexts(datasetDir: string, textColumns: readonly string[]): Promise<OwnTexts> {
  const { items } = await readItems(path.join(datasetDir, layout.items), { maxRows: MOST_DOCUMENTS });
  const words = (column: string) => {
    const counts = items.map((item) => (ownEntry(item, column) ?? "").split(/\s+/).filter(Boolean).length);
    return counts.reduce((sum, count) => sum + count, 0) / counts.length;
  };
  const lengths = textColumns.map((column) => ({ column, words: words(column) }));
  const longest = lengths.reduce((a, b) => (b.words > a.words ? b : a));
  const prose = longest.words >= PROSE_WORDS ? longest.column : null;
  const named = words("document_name");
  const isTitle = named > 0 && named <= TITLE_WORDS && prose !== "document_name";
  return { title: isTitle ? "document_name" : prose === null ? longest.column : null, prose };
}
