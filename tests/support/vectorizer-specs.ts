import type { VectorizerSpec } from "../../lib/experiment/stream/stream-vectorizer.js";
import type { CleaningName } from "../../lib/tokenizer/text-cleaning.js";

/** Vectorisers of every kind over a small dictionary. */
export function vectorizerSpecs(
  dictionary: ReadonlyMap<string, number>,
  cleaning: CleaningName,
): VectorizerSpec[] {
  return [
    { kind: "hashing", numFeatures: 97, maxLength: 4, cleaning },
    ...(["token", "empty"] as const).map((emptyText) => ({
      ...{ kind: "dictionary" as const, dictionary, numOovTokens: 11, emptyText, cleaning },
      ...{ wordUnigramsLimit: 5, wordBigramsLimit: 3, charTrigramsLimit: 9 },
    })),
    {
      ...{ kind: "subword", dictionary, numOovTokens: 7, wordsLimit: 4, ngramsLimit: 20, cleaning },
      ...{ minLength: 2, maxLength: 4, buckets: 1000 },
    },
    {
      ...{
        kind: "subword",
        dictionary: new Map(),
        numOovTokens: 2,
        wordsLimit: 0,
        ngramsLimit: 50,
        cleaning,
      },
      ...{ minLength: 3, maxLength: 5, buckets: 77 },
    },
  ];
}

/** Texts that are hard to cut: signs, numbers, empty ones, long ones. */
export const PLAIN_TEXTS = [
  ...[
    "",
    " ",
    "red shoe",
    "Red  Shoe",
    "3.14 a - b",
    "C++ c# c+ f(x)",
    "it's 1,000.5",
    "\tx\ny\u0000z",
    "#1 +2 .3",
  ],
  "a word and another and another and another and another",
  ...Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: 30 }, (_, j) =>
      String.fromCharCode(32 + ((i * 7919 + j * 104_729 + i * j * 31) % 95)),
    ).join(""),
  ),
];

/** The same beyond ASCII. */
export const ANY_TEXTS = [
  ...PLAIN_TEXTS,
  ...[
    "Łódź łódź",
    "ﬁne Straße ẞ",
    "İstanbul ısı ΣΊΣΥΦΟΣ ς",
    "人工智 ai",
    "東京タワー2020年",
    "ภาษาไทย ก็",
    "한국어로 된 문장",
  ],
  ...[
    "नमस्ते दुनिया",
    "e\u0301cole école",
    "x\u200by\u00adz",
    "😀 a😀b 👩‍🔬",
    "½ ① Ⅷ",
    "١٢٣٫٤",
    "a\ufeffb",
    "ñ̃ o͡e",
    "Ǆ ǆ ŉ",
  ],
];
