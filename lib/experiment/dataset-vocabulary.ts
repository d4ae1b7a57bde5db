import fs from "node:fs";
import path from "node:path";
import { readItems } from "../datasets/items.js";
import { openDataset } from "../datasets/open-dataset.js";
import { readTrainingRows } from "../datasets/training-rows.js";
import { atomicWriteFile } from "../files/atomic-write.js";
import { ownEntry } from "../files/own-entry.js";
import { formatVocabulary } from "../tokenizer/wordpiece/read-vocabulary.js";
import { trainVocabulary } from "../tokenizer/wordpiece/train-vocabulary.js";
import { WordPieceTokenizer } from "../tokenizer/wordpiece/wordpiece-tokenizer.js";

export interface DatasetVocabularyOptions {
  /** most word-pieces */
  size: number;
  /** text columns read; of documents, those that they have */
  columns: readonly string[];
  /** folder for vocab.txt */
  outDir: string;
}

/**
 * Trains a word-piece vocabulary on the training rows and documents of a data set, never on its evaluation queries.
 * A vocab.txt that is there already is kept.
 *
 * @returns the file and its number of word-pieces
 */
export async function datasetVocabulary(
  dataset: string,
  { size, columns, outDir }: DatasetVocabularyOptions,
): Promise<{ file: string; size: number; made: boolean }> {
  const file = path.join(outDir, "vocab.txt");
  if (fs.existsSync(file))
    return { file, size: fs.readFileSync(file, "utf8").trimEnd().split("\n").length, made: false };
  const vocabulary = trainVocabulary(await textsOf(dataset, columns), { size });
  atomicWriteFile(file, formatVocabulary(new WordPieceTokenizer(vocabulary)));
  return { file, size: vocabulary.length, made: true };
}

async function textsOf(dir: string, columns: readonly string[]): Promise<string[]> {
  const rows = await readTrainingRows(dir, "training", columns);
  const texts = columns.flatMap((name) => [...new Set(rows.columns[name]!)]);
  for (const { itemsPath } of openDataset(dir).evaluationSets.slice(0, 1))
    for (const item of (await readItems(path.resolve(dir, itemsPath))).items)
      for (const name of columns) {
        const text = ownEntry(item, name);
        if (text !== undefined) texts.push(text);
      }
  return texts;
}
