/** Accents of Latin, Greek and Cyrillic letters; vowel signs of other scripts are no such marks. */
const accents = /[\u0300-\u036f]/g;
const notKept = /[^\p{L}\p{M}\p{N} ]+/gu;
const plainAscii = /^[\x00-\x7f]*$/;

/**
 * What texts must share to be alike: letters and digits of any script, case and accents folded. Punctuation and symbols are
 * deleted, so `c`, `c#` and `c++` are alike too: enough to keep texts on one side of a split, too little to take one for the
 * other; for that see {@link phraseKey}. A text that has neither letter nor digit is only like itself.
 */
export function comparisonKey(text: string): string {
  const key = folded(text).replace(/\s/g, " ").replace(notKept, "").replace(/ +/g, " ").trim();
  return key === "" ? text : key;
}

/**
 * What one and the same query is typed as: {@link comparisonKey}, but signs that tell words apart are kept: `c++` is neither
 * `c#` nor `c`, `3.14` is not `314`, `24/7` not `247`, `5%` not `5`. Quotation marks, apostrophes, hyphens, and commas, full stops
 * and the like beside a space are deleted.
 */
export function phraseKey(text: string): string {
  const key = folded(text)
    .replace(/[\p{Pd}\p{Pi}\p{Pf}\p{Ps}\p{Pe}"'`]/gu, "")
    .replace(/(?<![\p{L}\p{M}\p{N}])[.,:;!?]+|[.,:;!?]+(?![\p{L}\p{M}\p{N}])/gu, "")
    .replace(/\s+/g, " ")
    .trim();
  return key === "" ? text : key;
}

/** What two queries share when they are the same but for the order of their words: those of {@link phraseKey}, each once, sorted. */
export function phraseSetKey(text: string): string {
  return [...new Set(phraseKey(text).split(" "))].sort().join(" ");
}

function folded(text: string): string {
  if (plainAscii.test(text)) return text.toLowerCase();
  return text
    .replace(/[łŁ]/g, "l")
    .replaceAll("ı", "i")
    .normalize("NFKD")
    .replace(accents, "")
    .normalize("NFC")
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll("ς", "σ");
}
