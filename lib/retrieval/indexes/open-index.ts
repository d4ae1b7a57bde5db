import { UserError } from "../../files/user-error.js";
import { ClusterIndex, type ClusterIndexOptions } from "./cluster-index.js";
import { ExactIndex, type ExactIndexOptions } from "./exact-index.js";
import { HnswIndex, type HnswIndexOptions } from "./hnsw-index.js";
import { type IndexFile, openIndexFile } from "./index-file.js";
import { RoundedIndex, type RoundedIndexOptions } from "./rounded-index.js";
import type { VectorIndex } from "./vector-index.js";

/** Which index to build, with its own options beside `kind`. */
export type IndexSpec =
  | ({ kind: "exact" } & ExactIndexOptions)
  | ({ kind: "clusters" } & ClusterIndexOptions)
  | ({ kind: "hnsw" } & HnswIndexOptions)
  | ({ kind: "rounded" } & RoundedIndexOptions);

const builders = {
  exact: (documents: Float32Array, spec: IndexSpec) => ExactIndex.build(documents, spec),
  clusters: (documents: Float32Array, spec: IndexSpec) => ClusterIndex.build(documents, spec),
  hnsw: (documents: Float32Array, spec: IndexSpec) => HnswIndex.build(documents, spec),
  rounded: (documents: Float32Array, spec: IndexSpec) => RoundedIndex.build(documents, spec),
} satisfies Record<IndexSpec["kind"], (documents: Float32Array, spec: IndexSpec) => VectorIndex>;

const readers: Record<IndexSpec["kind"], (file: IndexFile, map: boolean) => VectorIndex> = {
  exact: (file) => ExactIndex.fromFile(file),
  clusters: (file) => ClusterIndex.fromFile(file),
  hnsw: (file, map) => HnswIndex.fromFile(file, { map }),
  rounded: (file) => RoundedIndex.fromFile(file),
};

/** The kinds of vector index there are. */
export const indexKinds = Object.keys(builders) as IndexSpec["kind"][];

/**
 * Builds an index of the kind named.
 *
 * @param documents  [N, D], row by row
 */
export function buildIndex(documents: Float32Array, spec: IndexSpec): VectorIndex {
  const build = builders[spec.kind];
  if (!build)
    throw new UserError(`buildIndex: unknown index "${spec.kind}"; known: ${indexKinds.join(", ")}`);
  return build(documents, spec);
}

/**
 * Loads an index of any kind from the file that its `save` wrote, after checking the file's mark, version and checksum.
 *
 * @param options.map  leave vectors and links in the file and map it, which must stay as it is then. Only "hnsw" can; the
 *                     others search in memory of their kernels and are read, so that a caller need not know the kind.
 *                     Default false
 * @throws UserError naming the file and what is wrong with it; nothing is returned from a file that is not whole
 */
export function openIndex(filePath: string, options: { map?: boolean } = {}): VectorIndex {
  const file = openIndexFile(filePath);
  const reader = readers[file.kind as IndexSpec["kind"]];
  if (!reader)
    throw new UserError(
      `${filePath}: holds an index of kind "${file.kind}"; vector indexes are: ${indexKinds.join(", ")}`,
    );
  return reader(file, options.map ?? false);
}
