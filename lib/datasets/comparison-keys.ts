import { cleanPhrase } from "../tokenizer/clean-phrase.js";

/** What two texts must share to be the same query. */
export function comparisonKey(text: string): string {
  const cleaned = cleanPhrase(text).replace(/ +/g, " ");
  return cleaned === "" ? text : cleaned;
}

/**
 * What two queries share when they are the same but for the order of their words: the words of their keys, each once,
 * sorted. Stricter than equality of the cleaned texts.
 */
export function wordSetKey(text: string): string {
  return [...new Set(comparisonKey(text).split(" "))].sort().join(" ");
}
