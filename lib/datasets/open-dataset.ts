import { existsSync } from "node:fs";
import path from "node:path";
import { DataError } from "../files/data-error.js";
import { UserError } from "../files/user-error.js";
import { layout } from "./dataset-layout.js";
import {
  type DatasetManifest,
  type EvaluationFiles,
  fingerprintOf,
  hashFolder,
  readManifest,
  verifyFiles,
} from "./manifest.js";

/** A data set folder, checked. */
export interface Dataset {
  dir: string;
  name: string;
  /** Null for a folder without manifest.json: somebody's own data in the same layout. */
  manifest: DatasetManifest | null;
  /** Changes whenever a byte of a data file does. */
  fingerprint: string;
  /** The first is the default; empty if the folder has nothing to evaluate on. */
  evaluationSets: readonly EvaluationFiles[];
}

export interface OpenOptions {
  /** How files are compared with the manifest: read and hash all, look at sizes only. Default "hash". */
  verify?: "hash" | "size";
}

/**
 * Opens a data set folder. Without manifest, the files are hashed all the same, so that a run can name its data.
 *
 * A folder with a manifest need not have training rows (word lists, for example).
 *
 * @throws DataError if the folder is missing, has neither manifest nor training rows, or a file is not what the manifest
 *   says
 */
export function openDataset(dir: string, { verify = "hash" }: OpenOptions = {}): Dataset {
  if (!existsSync(dir))
    throw new DataError(
      `${dir}: data set folder must exist, found none; build it with: npm run qdrl -- data build`,
    );
  const manifest = readManifest(dir);
  if (manifest === null && !existsSync(path.join(dir, layout.training)))
    throw new DataError(`${dir}: data set folder must hold ${layout.training}, found none`);
  if (manifest !== null) {
    verifyFiles(dir, manifest, verify);
    const { name, fingerprint, evaluationSets } = manifest;
    return { dir, name, manifest, fingerprint, evaluationSets };
  }
  return {
    dir,
    name: path.basename(path.resolve(dir)),
    manifest,
    fingerprint: fingerprintOf(hashFolder(dir)),
    evaluationSets: existsSync(path.join(dir, layout.queries)) ? [plainEvaluationSet] : [],
  };
}

const plainEvaluationSet: EvaluationFiles = {
  name: "queries",
  queriesPath: layout.queries,
  itemsPath: layout.items,
  description: "evaluation queries of the folder",
  judgedNegatives: false,
};

/**
 * The evaluation set of that name, the default one for null, with paths from the working directory.
 *
 * @throws RangeError naming the known ones
 */
export function evaluationFilesOf(dataset: Dataset, name: string | null = null): EvaluationFiles {
  const found =
    name === null ? dataset.evaluationSets[0] : dataset.evaluationSets.find((set) => set.name === name);
  if (found === undefined) {
    const known = dataset.evaluationSets.map((set) => set.name).sort();
    throw new UserError(
      `unknown evaluation set "${name}" of ${dataset.dir}; known: ${known.join(", ") || "none"}`,
    );
  }
  return {
    ...found,
    queriesPath: path.join(dataset.dir, found.queriesPath),
    itemsPath: path.join(dataset.dir, found.itemsPath),
  };
}
