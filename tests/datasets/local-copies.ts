import { existsSync } from "node:fs";
import path from "node:path";

/**
 * Folder with a copy of a published source, or null where there is none. Copies are looked for in the folder that the
 * environment variable QDRL_DATASETS names, else in ../shared/datasets.
 */
export function localCopy(name: string): string | null {
  const folder = path.join(process.env["QDRL_DATASETS"] ?? "../shared/datasets", name);
  return existsSync(folder) ? folder : null;
}
