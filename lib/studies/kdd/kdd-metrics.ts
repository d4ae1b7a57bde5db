import fs from "node:fs";
import path from "node:path";
import { makeFolder } from "../../files/make-folder.js";

/** Appends one line of measurements to a .jsonl file. */
export function appendMetrics(file: string, values: object): void {
  makeFolder(path.dirname(file));
  fs.appendFileSync(file, `${JSON.stringify(values)}\n`);
}
