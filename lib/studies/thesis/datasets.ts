import fs from "node:fs";
import path from "node:path";
import { ensureEmoji } from "../../datasets/emoji/build-emoji.js";
import type { Listener } from "../../engine/progress.js";

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
