/** Scripts by which queries of several languages are told apart. */
const SCRIPTS = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Arabic",
  "Hebrew",
  "Devanagari",
  "Thai",
  "Hangul",
  "Hiragana",
  "Katakana",
  "Han",
];
const scriptPatterns = SCRIPTS.map((name) => [name, new RegExp(`\\p{Script=${name}}`, "u")] as const);

/** The script of a text: that of its first letter that has one of the known; "other" without. */
export function scriptSlice(text: string): string {
  for (const character of text)
    for (const [name, pattern] of scriptPatterns) if (pattern.test(character)) return `${name} letters`;
  return "other characters";
}

/** Whether a text has a digit. */
export function digitSlice(text: string): string {
  return /\p{Nd}/u.test(text) ? "with a digit" : "without digits";
}

/** How rare the rarest word of a query is among the documents' names. @param frequencyOf  documents that have a word */
export function raritySlice(words: readonly string[], frequencyOf: (word: string) => number): string {
  const rarest = Math.min(...words.map(frequencyOf));
  if (rarest === 0) return "in no document";
  if (rarest <= 2) return "in 1 or 2 documents";
  return rarest <= 20 ? "in 3 to 20 documents" : "in more than 20 documents";
}

/** What a typing error did to a text, by the words that changed; several kinds together are "several". */
export function typoSlice(clean: string, typed: string): string {
  const [before, after] = [clean.split(" "), typed.split(" ")];
  if (before.length !== after.length) return "spaces";
  const kinds = new Set(
    before.flatMap((word, i) => (word === after[i] ? [] : [wordChange(word, after[i]!)])),
  );
  if (kinds.size === 0) return "spelled right";
  return kinds.size === 1 ? [...kinds][0]! : "several kinds";
}

function wordChange(word: string, typed: string): string {
  if (typed.length < word.length) return "letters left out";
  if (typed.length > word.length) return "letters added";
  const sorted = (text: string) => [...text].sort().join("");
  return sorted(word) === sorted(typed) ? "letters swapped" : "letters replaced";
}
