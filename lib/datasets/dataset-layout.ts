import path from "node:path";

/** Names inside a data set folder (specs: 0-qdrl section 2). */
export const layout = {
  training: "training_dataset",
  validation: "validation_dataset",
  items: "recall_validation_items_dataset/items.json",
  queries: "recall_validation_queries_dataset/queries.json",
  manifest: "manifest.json",
  tokenDictionary: "token_dictionary",
  categoryDictionary: "category_dictionary",
  /** Inside a dictionary folder. */
  dictionaryFile: "dictionary.json",
} as const;

export type TrainingPart = "training" | "validation";

/** Name of the n-th part-file, so that names sort in order. */
export function partName(index: number, extension = "parquet"): string {
  return `part-${String(index).padStart(5, "0")}.${extension}`;
}

/** Where a dictionary is: a path that ends in .json as it is, else the dictionary file in that folder. */
export function dictionaryFileOf(fileOrFolder: string): string {
  return fileOrFolder.endsWith(".json") ? fileOrFolder : path.join(fileOrFolder, layout.dictionaryFile);
}
