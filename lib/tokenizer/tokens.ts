/**
 * Words of a cleaned text: split at every single space, so an empty text gives one empty word and two spaces in a row
 * give an empty word between them.
 */
export function wordUnigrams(text: string): string[] {
  return text.split(" ");
}

/** Neighbouring words joined by one space; n words give n − 1 bigrams. */
export function wordBigrams(words: readonly string[]): string[] {
  const bigrams: string[] = [];
  for (let i = 1; i < words.length; i++) bigrams.push(`${words[i - 1]} ${words[i]}`);
  return bigrams;
}

/** Every window of three characters (code points), spaces included; a text of length L gives max(0, L − 2) of them. */
export function charTrigrams(text: string): string[] {
  const trigrams: string[] = [];
  if (/[\ud800-\udfff]/.test(text)) {
    const characters = Array.from(text);
    for (let i = 0; i + 3 <= characters.length; i++) trigrams.push(characters.slice(i, i + 3).join(""));
  } else for (let i = 0; i + 3 <= text.length; i++) trigrams.push(text.slice(i, i + 3));
  return trigrams;
}
