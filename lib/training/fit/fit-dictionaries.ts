import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type DictionaryKind, writeDictionary } from "../../datasets/dictionary-file.js";
import { DATA } from "../../datasets/prepare-dataset.js";
import { mostFrequent, numberByFrequency, TokenCounts } from "../../datasets/token-counts.js";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";
import { formatVocabulary } from "../../tokenizer/wordpiece/read-vocabulary.js";
import { trainVocabulary } from "../../tokenizer/wordpiece/train-vocabulary.js";
import { WordPieceTokenizer } from "../../tokenizer/wordpiece/wordpiece-tokenizer.js";

/** Dictionaries of documents that belong to no data set, by content: equal texts have the same one. */
const FOLDER = path.join(DATA, ".fit");

/** The folder of the words of these texts, most frequent first, cleaned as text of any language. */
export function wordDictionary(texts: readonly string[]): string {
  return contentFolder("words", "dictionary.json", texts, (dir) => {
    const counts = new TokenCounts({ unigrams: 150_000, bigrams: 0, trigrams: 0 }, "unicode");
    for (const text of texts) counts.add(text, 1);
    write(dir, "token", counts.entries());
  });
}

/** The folder of these categories. */
export function categoryDictionary(values: readonly string[]): string {
  return contentFolder("categories", "dictionary.json", values, (dir) => {
    const counts = new Map<string, number>();
    for (const value of values) if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
    write(dir, "category", numberByFrequency([mostFrequent(counts, counts.size)]));
  });
}

/** The folder of a word-piece vocabulary of at most `size` pieces that is trained on these texts. */
export function wordPieces(texts: readonly string[], size: number): string {
  return contentFolder(`pieces-${size}`, "vocab.txt", texts, (dir) =>
    atomicWriteFile(
      path.join(dir, "vocab.txt"),
      formatVocabulary(new WordPieceTokenizer(trainVocabulary(texts, { size }))),
    ),
  );
}

function write(dir: string, kind: DictionaryKind, entries: Parameters<typeof writeDictionary>[2]): void {
  if (entries.length === 0)
    throw new UserError(
      `fit: trainData must have a ${kind === "token" ? "word" : "category"}, got empty texts alone`,
    );
  writeDictionary(dir, kind, entries);
}

function contentFolder(
  name: string,
  file: string,
  texts: readonly string[],
  make: (dir: string) => void,
): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length} ${text}\n`);
  const dir = path.join(FOLDER, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (!fs.existsSync(path.join(dir, file))) make(dir);
  return dir;
}
