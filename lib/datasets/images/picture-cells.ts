import { existsSync } from "node:fs";
import path from "node:path";
import { ownEntry } from "../../files/own-entry.js";
import { layout } from "../dataset-layout.js";
import { readItems } from "../items.js";
import { evaluationFilesOf, openDataset } from "../open-dataset.js";
import { readQueries } from "../queries.js";
import { readTrainingRows } from "../training-rows.js";

/**
 * Cells of a picture column: of the documents if they have it, else of training rows, validation rows and the queries of
 * all evaluation sets.
 */
export async function pictureCells(dir: string, column: string): Promise<string[]> {
  const dataset = openDataset(dir, { verify: "size" });
  const { items } = await readItems(evaluationFilesOf(dataset).itemsPath);
  if (Object.hasOwn(items[0]!, column)) return items.map((item) => item[column]!);
  const cells = (await readTrainingRows(dir, "training", [column])).columns[column]!;
  const validation = path.join(dir, layout.validation);
  if (existsSync(validation))
    cells.push(...(await readTrainingRows(dir, "validation", [column])).columns[column]!);
  for (const { name } of dataset.evaluationSets) {
    const { queries } = await readQueries(evaluationFilesOf(dataset, name).queriesPath);
    for (const { fields } of queries) {
      const cell = ownEntry(fields, column);
      if (cell !== undefined) cells.push(cell);
    }
  }
  return cells;
}
