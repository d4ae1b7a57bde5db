import { ExactIndex } from "./exact-index.js";
import { type IndexFile, openIndexFile } from "./index-file.js";
import type { VectorIndex } from "./vector-index.js";

const readers: Record<string, (file: IndexFile) => VectorIndex> = {
  exact: (file) => ExactIndex.fromFile(file),
};

/**
 * Loads an index of any kind from the file that its `save` wrote, after checking the file's mark, version and checksum.
 *
 * @throws Error naming the file and what is wrong with it; nothing is returned from a file that is not whole
 */
export function openIndex(filePath: string): VectorIndex {
  const file = openIndexFile(filePath);
  const reader = readers[file.kind];
  if (!reader)
    throw new Error(
      `${filePath}: holds an index of kind "${file.kind}"; vector indexes are: ${Object.keys(readers).join(", ")}`,
    );
  return reader(file);
}
