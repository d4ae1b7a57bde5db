import { SymSpell } from "mnemonist";
import { UserError } from "../files/user-error.js";
import { isUnspaced } from "../tokenizer/unicode-words.js";

/** Corrections kept, so that a word that is asked for again costs nothing. */
const KEPT_WORDS = 200_000;

/**
 * Spelling correction from the words of a corpus: a word that the corpus has stays; any other becomes the nearest word of
 * the corpus within `maxDistance` edits (insertions, deletions, substitutions and swaps of neighbours), of several the most
 * frequent, then the first in the alphabet. Words without any near one stay too, as do words of up to two letters and whatever is
 * written without spaces between words.
 *
 * This corrects words one by one: neither their neighbours nor joined and split words are looked at.
 *
 * @see Garbe's SymSpell, as mnemonist has it
 */
export class SpellingCorrector {
  private readonly index: SymSpell;
  private readonly corrections = new Map<string, string>();

  /**
   * @param counts       occurrences by word
   * @param maxDistance  1 or 2; 2 finds more, right ones and wrong ones
   * @throws RangeError for another distance
   */
  constructor(
    private readonly counts: ReadonlyMap<string, number>,
    maxDistance = 2,
  ) {
    if (maxDistance !== 1 && maxDistance !== 2)
      throw new UserError(`SpellingCorrector: maxDistance must be 1 or 2, got ${maxDistance}`);
    this.index = new SymSpell({ maxDistance, verbosity: 1 });
    for (const word of counts.keys()) if (word.length > 2 && !isUnspaced(word)) this.index.add(word);
  }

  /** A text of words with single spaces, each corrected. */
  correct(text: string): string {
    return text
      .split(" ")
      .map((word) => this.correctWord(word))
      .join(" ");
  }

  correctWord(word: string): string {
    if (word.length <= 2 || this.counts.has(word) || isUnspaced(word)) return word;
    const known = this.corrections.get(word);
    if (known !== undefined) return known;
    const nearest = this.index.search(word).map(({ term }) => term);
    const best = nearest.sort((a, b) => this.counts.get(b)! - this.counts.get(a)! || (a < b ? -1 : 1))[0];
    if (this.corrections.size >= KEPT_WORDS) this.corrections.clear();
    this.corrections.set(word, best ?? word);
    return best ?? word;
  }
}

/** How often each word occurs in texts of words with spaces between. */
export function wordCounts(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const word of text.split(" ")) if (word !== "") counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
