import { existsSync } from "node:fs";
import path from "node:path";
import { DataError } from "../../files/data-error.js";
import {
  type CldrEntry,
  type EmojiSources,
  type OpenMojiEntry,
  pictureFolder,
  plainEmoji,
} from "./sources.js";

/** A document of the emoji data set. Keywords are no part of it. */
export interface EmojiDocument {
  document_id: string;
  document_name: string;
  document_group: string;
  /** OpenMoji's subgroup. */
  document_category_id: string;
  /** SVG, from the workspace root; "" if the package has none. */
  document_picture: string;
  document_emoji: string;
}

export interface DocumentSources {
  documents: EmojiDocument[];
  /** OpenMoji's entry of each document. */
  entries: OpenMojiEntry[];
  /** Emoji of OpenMoji's list that the locale does not name. */
  unnamed: number;
}

/**
 * The documents: emoji of OpenMoji's list (without skin tones and extras) that CLDR names and annotates in the first
 * locale, named there.
 *
 * @throws DataError if the locale names fewer than a thousand: regional locales only hold what differs from their parent
 */
export function emojiDocuments(
  sources: EmojiSources,
  packages: string,
  locale: string,
  annotations: ReadonlyMap<string, CldrEntry>,
  maxDocuments: number | null,
): DocumentSources {
  const named = sources.entries.filter(
    (entry) => (annotations.get(plainEmoji(entry.emoji))?.name ?? "") !== "",
  );
  if (named.length < 1000)
    throw new DataError(
      `buildEmoji: the first locale must name at least 1000 emoji, as the documents have its names; ` +
        `"${locale}" names ${named.length}`,
    );
  const entries = maxDocuments === null ? named : named.slice(0, maxDocuments);
  const documents = entries.map((entry) => {
    const picture = path.posix.join(packages, pictureFolder, `${entry.hexcode}.svg`);
    return {
      document_id: entry.hexcode,
      document_name: annotations.get(plainEmoji(entry.emoji))!.name!,
      document_group: entry.group,
      document_category_id: entry.subgroup,
      document_picture: existsSync(picture) ? picture : "",
      document_emoji: entry.emoji,
    };
  });
  return { documents, entries, unnamed: sources.entries.length - named.length };
}
