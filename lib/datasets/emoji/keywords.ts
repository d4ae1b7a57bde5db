import { keywordKey } from "./keyword-keys.js";

/** A keyword as typed and as compared. */
export interface Keyword {
  /** Lower case, spaces joined into one. */
  text: string;
  /** Cleaned; where cleaning leaves nothing (other scripts), the text itself. Equal keys = the same keyword. */
  key: string;
}

/** A keyword as people type it; null if it has neither letter nor digit (`!?`, `♪`), as no search box sees these. */
export function toKeyword(raw: string): Keyword | null {
  const text = raw.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
  if (!/[\p{L}\p{N}]/u.test(text)) return null;
  return { text, key: keywordKey(text) };
}

/** Keywords of one emoji, one per key, in the source's order. */
export function distinctKeywords(raw: readonly string[]): Keyword[] {
  const byKey = new Map<string, Keyword>();
  for (const text of raw) {
    const keyword = toKeyword(text);
    if (keyword !== null && !byKey.has(keyword.key)) byKey.set(keyword.key, keyword);
  }
  return [...byKey.values()];
}

/** Whether no word occurs in two of the keywords: nobody types "smile smiling face face". */
export function wordsAreDistinct(keywords: readonly Keyword[]): boolean {
  const words = keywords.flatMap((keyword) => keyword.key.split(" "));
  return new Set(words).size === words.length;
}

/** Identifies a set of keywords, whatever their order. */
export function keywordSetKey(keywords: readonly Keyword[]): string {
  return keywords
    .map((keyword) => keyword.key)
    .sort()
    .join("\t");
}
