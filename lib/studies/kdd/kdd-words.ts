import fs from "node:fs";
import { fillNormal } from "../../engine/random/fill-random.js";
import type { Random } from "../../engine/random/random.js";
import { describeFileError } from "../../files/data-error.js";
import { readNpy } from "../../files/npy.js";
import { UserError } from "../../files/user-error.js";
import { tokenizerFromVocabulary } from "../../tokenizer/wordpiece/read-vocabulary.js";
import { functionWords } from "./function-words.js";
import type { KddConfig } from "./kdd-schema.js";

/** Ids of a query's words, without stop words, padding (0), start and end. */
export interface QueryWordReader {
  /** rows of the word table */
  size: number;
  startId: number;
  endId: number;
  wordIds(query: string): number[];
  /** for captions */
  text(id: number): string;
}

/** Pieces that carry no meaning beside the stop words. */
const FILLERS = ["-", "'", "s", "[UNK]", "[PAD]", "[MASK]"];

/** Lower case, split at spaces and hyphens. Ids: 0 padding, 1 start, 2 end, then the lexicon in order. */
export function lexiconReader(lexicon: readonly string[]): QueryWordReader {
  const idOf = new Map(lexicon.map((word, i) => [word, i + 3]));
  return {
    size: lexicon.length + 3,
    startId: 1,
    endId: 2,
    wordIds: (query) =>
      lexiconWords(query).flatMap((word) => {
        const id = idOf.get(word);
        return id === undefined ? [] : [id];
      }),
    text: (id) => lexicon[id - 3] ?? "",
  };
}

/** The words of a query that a lexicon may hold: no stop words, no fillers. */
export function lexiconWords(query: string): string[] {
  return query
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((word) => word !== "" && !isNoise(word));
}

/** Word-pieces minus stop words, as published with the vocabulary of bert-base-uncased. */
export function wordPieceReader(vocabulary: string): QueryWordReader {
  const tokenizer = tokenizerFromVocabulary(fs.readFileSync(vocabulary, "utf8"));
  return {
    size: tokenizer.size,
    startId: tokenizer.id("[CLS]")!,
    endId: tokenizer.id("[SEP]")!,
    wordIds: (query) => tokenizer.pieceIds(query).filter((id) => !isNoise(tokenizer.vocabulary[id]!)),
    text: (id) => tokenizer.vocabulary[id] ?? "",
  };
}

function isNoise(word: string): boolean {
  return FILLERS.includes(word) || functionWords.has(word);
}

/**
 * Frozen word vectors: read from a .npy matrix, or made from the training queries by random indexing: a word's vector
 * is the normalised sum of the random vectors of the words it was met with, its own counted twice. The first entry is 1
 * in all of them: pretrained vectors share a direction too, and without one no picture could hold most words off at once.
 *
 * @see Kanerva et al. 2000 (random indexing)
 */
export function wordVectorValues(
  config: KddConfig["word_vectors"],
  size: number,
  queries: readonly (readonly number[])[],
  random: Random,
): { values: Float32Array; dim: number } {
  if (config.type === "npy") {
    const { shape, data } = readNpy(fs.readFileSync(config.path), config.path);
    if (shape.length !== 2 || shape[0] !== size)
      throw new UserError(`${config.path}: must be [${size}, dim], got [${shape.join(", ")}]`);
    return { values: Float32Array.from(data), dim: shape[1]! };
  }
  const { dim } = config;
  const index = new Float32Array(size * dim);
  fillNormal(index, random, "index");
  const values = new Float32Array(size * dim);
  const add = (to: number, from: number, times: number) => {
    for (let d = 0; d < dim; d++) values[to * dim + d]! += times * index[from * dim + d]!;
  };
  for (let word = 1; word < size; word++) add(word, word, 2);
  for (const words of queries)
    for (const word of words) for (const other of words) if (word !== other) add(word, other, 0.2);
  for (let word = 1; word < size; word++) {
    const row = values.subarray(word * dim, (word + 1) * dim);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let d = 0; d < dim; d++) row[d] = row[d]! / norm;
    row[0] = 1;
  }
  return { values, dim };
}

/** Before hours are spent: the files that the configuration names are there. @throws DataError with the key */
export function checkWordFiles({ tokenizer, word_vectors: vectors }: KddConfig): void {
  if (tokenizer.type === "wordpiece") checkReadable(tokenizer.vocabulary, "tokenizer.vocabulary");
  if (vectors.type === "npy") checkReadable(vectors.path, "word_vectors.path");
}

function checkReadable(file: string, key: string): void {
  try {
    fs.accessSync(file, fs.constants.R_OK);
  } catch (error) {
    throw describeFileError(`${key}: ${file}`, error);
  }
}
