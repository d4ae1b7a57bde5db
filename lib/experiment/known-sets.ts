import fs from "node:fs";
import path from "node:path";
import { layout } from "../datasets/dataset-layout.js";
import type { Dataset } from "../datasets/open-dataset.js";

/** Where an evaluation set's files are; without a file of queries they are the rows of the validation part. */
export interface ChosenSet {
  name: string;
  itemsPath: string;
  queriesPath: string | null;
}

/** The evaluation sets that `recall_validation.sets` may name: pairs held out for validation are one where no other has that name. */
export function knownSets(dataset: Dataset): ChosenSet[] {
  const all: readonly ChosenSet[] = dataset.evaluationSets;
  const heldOut = fs.existsSync(path.join(dataset.dir, layout.validation));
  const named = all.length === 0 || all.some((set) => set.name === "validation");
  return heldOut && !named
    ? [...all, { name: "validation", itemsPath: all[0]!.itemsPath, queriesPath: null }]
    : [...all];
}
