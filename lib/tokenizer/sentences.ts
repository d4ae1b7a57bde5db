const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of a text by Unicode's rules (UAX 29, the tailoring of ICU), without the spaces around them.
 *
 * Abbreviations that end in a full stop before a capital letter end a sentence too ("E. coli" does not, "Dr. Smith" does);
 * `minWords` leaves such scraps out.
 *
 * @param minWords words between spaces that a sentence must have (default 1)
 */
export function sentencesOf(text: string, minWords = 1): string[] {
  const sentences: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    const sentence = segment.trim();
    if (sentence !== "" && sentence.split(/\s+/).length >= minWords) sentences.push(sentence);
  }
  return sentences;
}
