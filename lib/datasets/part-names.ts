/** Which part of a data set something belongs to. */
export type DatasetPart = "training" | "validation" | "test";

const words: Readonly<Record<DatasetPart, readonly string[]>> = {
  training: ["train", "training", "learn", "trn"],
  validation: ["val", "valid", "validation", "dev", "development"],
  test: ["test", "tst", "eval", "evaluation", "holdout", "heldout"],
};

/** The part that one word names, as columns and file names have them (`train`, `dev`, `Test`); null for any other word. */
export function partOf(word: string): DatasetPart | null {
  const wanted = word.trim().toLowerCase();
  for (const [part, names] of Object.entries(words)) if (names.includes(wanted)) return part as DatasetPart;
  return null;
}

/** The part that a file's name mentions: `qrels.dev.tsv` → validation; null if it mentions none. */
export function partInName(name: string): DatasetPart | null {
  for (const word of name.split(/[^A-Za-z]+/)) {
    const part = partOf(word);
    if (part !== null) return part;
  }
  return null;
}

/** The words that {@link partOf} knows, for messages. */
export function partWords(): string {
  return Object.values(words)
    .map(([first]) => first)
    .join(", ");
}
