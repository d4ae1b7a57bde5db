import path from "node:path";
import { readDictionary } from "../../datasets/dictionary-file.js";
import { MersenneTwister } from "../../engine/random/mersenne-twister.js";
import { plainTable, type Table } from "../../reporting/table.js";
import { cleanPhrase } from "../../tokenizer/clean-phrase.js";
import { oovId } from "../../tokenizer/oov-id.js";
import { charTrigrams, wordBigrams, wordUnigrams } from "../../tokenizer/tokens.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { qwertyTypos, removeCharacter, substitute, transpose } from "../../typos/qwerty-typos.js";
import { fromMersenneTwister } from "../../typos/random-source.js";

/** A data set's token dictionary and the number of buckets for tokens outside it. */
export interface Vocabulary {
  dictionary: ReadonlyMap<string, number>;
  oovTokens: number;
}

/** The vocabulary that a data set's configurations share. */
export function vocabularyOf(datasetDir: string, oovTokens: number): Vocabulary {
  return { dictionary: readDictionary(path.join(datasetDir, "token_dictionary"), "token"), oovTokens };
}

/** Table 4.7: a text as words, word pairs and character trigrams, with the ids that encoders read. */
export function tokenTable(text: string, vocabulary: Vocabulary): Table {
  const cleaned = cleanPhrase(text);
  const words = wordUnigrams(cleaned);
  const kinds: [string, string[]][] = [
    ["words", words],
    ["word pairs", wordBigrams(words)],
    ["character trigrams", charTrigrams(cleaned)],
  ];
  const rows = kinds.map(([kind, tokens]) => [
    kind,
    tokens.map((token) => token.replace(/ /g, "␣")).join(" · "),
    tokens.map((token) => idOf(token, vocabulary)).join(" · "),
    `${tokens.filter((token) => vocabulary.dictionary.has(token)).length} of ${tokens.length}`,
  ]);
  return plainTable(["", "tokens", "ids (* hashed)", "in the dictionary"], rows, {
    title: `“${text}” is read as “${cleaned}”`,
  });
}

/** Table 4.8: what each kind of typo makes of a word. */
export function typoTable(word: string): Table {
  const middle = word.length >> 1;
  const rows = [
    ["finger slip", substitute(word, middle, 0)],
    ["removed character", removeCharacter(word, middle)],
    ["swapped neighbours", transpose(word, middle - 1)],
  ];
  return plainTable(["typo", `“${word}” becomes`], rows);
}

/** Shares of the queries' words and trigrams that the dictionary knows, at each probability of a typo. */
export function knownShares(
  run: RunFolder,
  set: string,
  vocabulary: Vocabulary,
  probabilities: readonly number[],
): Table {
  const queries = run.queries().filter((result) => result.set === set && result.typo === 0);
  const rows = probabilities.map((probability) => {
    const random = fromMersenneTwister(new MersenneTwister(42));
    const texts = queries.map(({ query }) => qwertyTypos.apply(query, probability, random));
    return [
      String(probability),
      share(texts.flatMap(wordUnigrams), vocabulary),
      share(texts.flatMap(charTrigrams), vocabulary),
    ];
  });
  return plainTable(["typo probability per word", "words known", "trigrams known"], rows);
}

function idOf(token: string, { dictionary, oovTokens }: Vocabulary): string {
  const id = dictionary.get(token);
  return id === undefined ? `${oovId(token, dictionary.size, oovTokens)}*` : String(id);
}

function share(tokens: readonly string[], { dictionary }: Vocabulary): string {
  return `${((100 * tokens.filter((token) => dictionary.has(token)).length) / tokens.length).toFixed(1)} %`;
}
