import fs from "node:fs";
import path from "node:path";

/** The file of a picture that a data set names: inside the data set if it is there, else from the workspace root. */
export function picturePath(datasetDir: string, named: string): string {
  const inside = path.join(datasetDir, named);
  return fs.existsSync(inside) ? inside : named;
}
