import { Random } from "../engine/random/random.js";
import { createTypos } from "../typos/create-typos.js";
import { fromRandom } from "../typos/random-source.js";

/**
 * A text with the library's typing errors. Each word has a generator of its own, forked by its place, so that a word that
 * is finished does not change while the next one is typed; equal seeds give equal errors.
 *
 * @param text         cleaned
 * @param probability  per word
 * @param model        name of a typo model
 */
export function misspellWords(text: string, probability: number, seed: number, model: string): string {
  const typos = createTypos(model);
  const random = new Random(seed);
  return text
    .split(" ")
    .map((word, place) => typos.apply(word, probability, fromRandom(random.fork(`word ${place}`))))
    .join(" ");
}
