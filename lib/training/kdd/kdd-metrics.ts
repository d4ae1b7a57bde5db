import fs from "node:fs";
import path from "node:path";

/** Appends one line of measurements to a .jsonl file. */
export function appendMetrics(file: string, values: object): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.appendFileSync(file, `${JSON.stringify(values)}\n`);
}
