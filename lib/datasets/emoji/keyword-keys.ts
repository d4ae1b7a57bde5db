import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import { comparisonKey } from "../comparison-keys.js";

const otherScript = /(?!\p{Script=Latin})\p{L}/u;

/**
 * What two keywords share to be the same. Those in Latin letters are compared as published, cleaned (so that German klo and kloß
 * are one), which keeps the bytes of data sets that were built before; those of other scripts by {@link comparisonKey}.
 */
export function keywordKey(text: string): string {
  const cleaned = otherScript.test(text) ? "" : cleanPhrase(text).replace(/ +/g, " ");
  return cleaned === "" ? comparisonKey(text) : cleaned;
}

/** What two phrases of keywords share when they are the same but for the order of their words: these, each once, sorted. */
export function wordSetKey(text: string): string {
  return [...new Set(keywordKey(text).split(" "))].sort().join(" ");
}
