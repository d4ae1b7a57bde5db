const alreadyClean = /^(?:[a-z0-9](?:[a-z0-9 ]*[a-z0-9])?)?$/;
const plainAscii = /^[\x00-\x7f]*$/;
const notKept = /[^a-z0-9 ]+/g;

/**
 * Cleans a query or a document text: ł → l and Ł → L, Unicode NFKD, lower case, every character outside
 * `a`–`z`, `0`–`9` and the ordinary space deleted, spaces at both ends removed.
 *
 * Deleted characters leave nothing behind: `3,14` → `314`, `a - b` keeps two spaces, a tab joins its neighbours,
 * and a text without Latin letters or digits becomes empty. Idempotent.
 *
 * @see specs: 0-qdrl section 4, vector `0-qdrl/clean_phrase`
 */
export function cleanPhrase(text: string): string {
  if (alreadyClean.test(text)) return text;
  const decomposed = plainAscii.test(text)
    ? text
    : text.replaceAll("ł", "l").replaceAll("Ł", "L").normalize("NFKD");
  return decomposed.toLowerCase().replace(notKept, "").trim();
}
