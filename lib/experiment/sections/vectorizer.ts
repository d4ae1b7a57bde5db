import { z } from "zod";

/** Tokens of one text at most: texts are rows of that width, and a bound that is met here is not met in the middle of reading. */
const MOST_TOKENS = 2 ** 16;

const limit = z.int().min(0).max(MOST_TOKENS).default(0);

const dictionarySize = z
  .int()
  .min(1)
  .nullable()
  .default(null)
  .describe(
    "entries of the dictionary that are kept, those with the lowest ids, which are the most frequent; the others are hashed. null = all",
  );

const dictionary = z
  .strictObject({
    type: z.literal("dictionary"),
    dictionary_path: z
      .string()
      .min(1)
      .describe("folder with dictionary.json; looked up in dataset_dir, then from the workspace root"),
    dictionary_size: dictionarySize,
    word_unigrams_limit: limit.describe("tokens kept per text; 0 switches the block off"),
    word_bigrams_limit: limit.describe("bigrams kept per text; 0 switches the block off"),
    char_trigrams_limit: limit.describe("trigrams kept per text; 0 switches the block off"),
    num_oov_tokens: z
      .int()
      .min(2)
      .default(50000)
      .describe("hash buckets for unknown tokens; the last one is never used (V − 1 are)"),
    empty_text: z
      .enum(["token", "empty"])
      .default("token")
      .describe("a text that is empty after cleaning becomes one hashed token (as published) or no token"),
  })
  .refine((v) => v.word_unigrams_limit + v.word_bigrams_limit + v.char_trigrams_limit > 0, {
    path: ["word_unigrams_limit"],
    error:
      "at least one of word_unigrams_limit, word_bigrams_limit, char_trigrams_limit must be > 0, got 0, 0, 0",
  });

const hashing = z.strictObject({
  type: z.literal("hashing"),
  num_features: z.int().min(2).describe("hash buckets; needs no dictionary"),
  max_length: z.int().min(1).max(MOST_TOKENS).default(10).describe("word tokens kept per text"),
});

const wordPieces = z.strictObject({
  type: z.literal("word_pieces"),
  vocabulary_path: z
    .string()
    .min(1)
    .describe(
      "folder with tokenizer.json or vocab.txt; looked up in dataset_dir, then from the workspace root",
    ),
  max_length: z
    .int()
    .min(3)
    .max(MOST_TOKENS)
    .default(128)
    .describe("word-pieces kept per text; a transformer's two special tokens count"),
});

const subword = z.strictObject({
  type: z.literal("subword"),
  dictionary_path: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("dictionary of the words; null = all words are hashed"),
  dictionary_size: dictionarySize,
  num_oov_tokens: z.int().min(2).default(4096).describe("hash buckets for words outside the dictionary"),
  words_limit: z.int().min(0).max(MOST_TOKENS).default(64).describe("words kept per text; 0 = n-grams only"),
  min_length: z
    .int()
    .min(1)
    .default(2)
    .describe("characters of the shortest n-gram of a bounded word, <word>"),
  max_length: z.int().min(1).default(4).describe("characters of the longest n-gram"),
  buckets: z.int().min(1).default(65536).describe("hash buckets for n-grams"),
  ngrams_limit: z
    .int()
    .min(0)
    .max(MOST_TOKENS)
    .default(512)
    .describe("n-grams kept per text; 0 = words only"),
});

/** How text becomes token ids; word_pieces is what a Transformer reads, and bags may. */
export const vectorizerSection = z.discriminatedUnion("type", [dictionary, hashing, subword, wordPieces]);

export type VectorizerConfig = z.infer<typeof vectorizerSection>;
