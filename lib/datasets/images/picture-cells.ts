import { readItems } from "../items.js";
import { evaluationFilesOf, openDataset } from "../open-dataset.js";
import { readTrainingRows } from "../training-rows.js";

/** Cells of a picture column: of the documents if they have it, else of the training rows. */
export async function pictureCells(dir: string, column: string): Promise<string[]> {
  const dataset = openDataset(dir, { verify: "size" });
  const { items } = await readItems(evaluationFilesOf(dataset).itemsPath);
  if (Object.hasOwn(items[0]!, column)) return items.map((item) => item[column]!);
  return (await readTrainingRows(dir, "training", [column])).columns[column]!;
}
