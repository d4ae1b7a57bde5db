import fs from "node:fs";
import path from "node:path";
import { ensureEmoji } from "../../datasets/emoji/build-emoji.js";
import { readManifest } from "../../datasets/manifest.js";
import type { Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";

/** A data set that the thesis' experiments are repeated on. */
export interface ThesisDataset {
  /** Name in tables and in the runs' folders. */
  name: string;
  dir: string;
  /** Evaluation sets that are shown, the first being the main one; none: the data set's first. */
  sets: readonly string[];
  /** What changes in every configuration of an encoder, as `--set` takes it. */
  overrides: readonly string[];
  /** How to get it, where it is not built on the spot. */
  obtain: string | null;
}

/**
 * Emoji are always at hand. MSRD comes from a download; its titles have more distinct words, so tables are larger, and its
 * validation searches are left out of the evaluation.
 */
export const thesisDatasets: readonly ThesisDataset[] = [
  {
    name: "emoji",
    dir: "data/emoji",
    sets: ["phrases", "annotators"],
    overrides: ["dataset_dir=data/emoji"],
    obtain: null,
  },
  {
    name: "msrd",
    dir: "data/msrd",
    sets: ["test"],
    overrides: [
      "dataset_dir=data/msrd",
      "model.text_embedding.num_embeddings=72000",
      'recall_validation.sets=["test"]',
    ],
    obtain: "npm run qdrl -- data import msrd",
  },
];

/** Three hundred emoji, for a look at an experiment in seconds; numbers say nothing about the full set. */
export const smallDataset: ThesisDataset = {
  name: "emoji-small",
  dir: "data/emoji-300",
  sets: ["phrases", "annotators"],
  overrides: ["dataset_dir=data/emoji-300", "num_epochs=2"],
  obtain: null,
};

/** Columns that the thesis' experiments read. */
const READ = {
  query: ["query_search_phrase"],
  document: ["document_name", "document_category_id"],
} as const;

/** Rows that the experiments' category table has for known values; the rest is for unknown ones. */
const MOST_CATEGORIES = 119;

/** Documents that the experiment with drawn negatives draws for a batch. */
const MOST_DRAWN = 256;

/**
 * A data set of somebody's own, to repeat the experiments on: all of its evaluation sets but `validation`. The experiment with
 * drawn negatives wants 256 different documents in the training pairs.
 *
 * @param dir its folder
 * @throws UserError if it has no manifest, or lacks a column that an experiment reads
 */
export function folderDataset(dir: string): ThesisDataset {
  const known = thesisDatasets.find((dataset) => path.resolve(dataset.dir) === path.resolve(dir));
  if (known !== undefined) return known;
  const manifest = readManifest(dir);
  if (manifest === null)
    throw new UserError(
      `${dir}: must be a data set's folder with a manifest, found none (qdrl init makes one)`,
    );
  for (const side of ["query", "document"] as const)
    for (const column of READ[side])
      if (!Object.hasOwn(manifest.columns[side], column))
        throw new UserError(
          `${dir}: the thesis' experiments read the ${side} column ${column}, got ${Object.keys(manifest.columns[side]).join(", ")}`,
        );
  const { categories = 0, documents = 0 } = manifest.counts;
  if (documents < MOST_DRAWN)
    throw new UserError(
      `${dir}: must have at least ${MOST_DRAWN} documents for the experiment with drawn negatives, got ${documents}`,
    );
  if (categories > MOST_CATEGORIES)
    throw new UserError(
      `${dir}: must have at most ${MOST_CATEGORIES} categories for the thesis' table, got ${categories}`,
    );
  const sets = manifest.evaluationSets.map(({ name }) => name).filter((name) => name !== "validation");
  return {
    name: path.basename(path.resolve(dir)),
    dir,
    sets,
    overrides: [
      `dataset_dir=${dir}`,
      "model.text_embedding.num_embeddings=auto",
      `recall_validation.sets=${JSON.stringify(sets)}`,
    ],
    obtain: null,
  };
}

/** Builds the data set if it is one that can be; says whether it is there. */
export async function ensureThesisDataset(dataset: ThesisDataset, listener: Listener): Promise<boolean> {
  if (dataset.name.startsWith("emoji")) {
    const maxDocuments = dataset === smallDataset ? 300 : null;
    await ensureEmoji({ outDir: dataset.dir, maxDocuments });
    return true;
  }
  const isThere = fs.existsSync(path.join(dataset.dir, "manifest.json"));
  if (!isThere) listener.line?.(`${dataset.name}: not in data/, left out; get it with: ${dataset.obtain}`);
  return isThere;
}
