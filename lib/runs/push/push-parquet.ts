import { parquetWriteBuffer } from "hyparquet-writer";
import { atomicWriteFile } from "../../files/atomic-write.js";
import { ownEntry } from "../../files/own-entry.js";
import type { EmbeddedDocuments } from "./embedded-documents.js";

/**
 * Writes documents as one Parquet file: `id`, `name`, every other column of theirs as text, and `embedding`, a list of floats; what
 * DuckDB, Spark, pandas, Polars and most vector databases load.
 */
export function pushParquet(file: string, embedded: EmbeddedDocuments): void {
  const { ids, names, documents, vectors, dim } = embedded;
  const columns = furtherColumns(documents);
  const text = (name: string) => ({
    ...{ name, type: "BYTE_ARRAY" as const, converted_type: "UTF8" as const },
    repetition_type: "REQUIRED" as const,
  });
  const schema = [
    { name: "root", num_children: 3 + columns.length },
    ...["id", "name", ...columns].map(text),
    {
      name: "embedding",
      repetition_type: "REQUIRED" as const,
      num_children: 1,
      converted_type: "LIST" as const,
    },
    { name: "list", repetition_type: "REPEATED" as const, num_children: 1 },
    { name: "element", repetition_type: "REQUIRED" as const, type: "FLOAT" as const },
  ];
  const columnData = [
    { name: "id", data: [...ids] },
    { name: "name", data: [...names] },
    ...columns.map((name) => ({ name, data: documents.map((document) => ownEntry(document, name) ?? "") })),
    {
      name: "embedding",
      data: ids.map((_, row) => Array.from(vectors.subarray(row * dim, (row + 1) * dim))),
    },
  ];
  atomicWriteFile(file, new Uint8Array(parquetWriteBuffer({ schema, columnData, rowGroupSize: 10_000 })));
}

/** Columns of documents beside id and name, which stand first. */
export function furtherColumns(documents: readonly Readonly<Record<string, string>>[]): string[] {
  const all = new Set(documents.flatMap((document) => Object.keys(document)));
  return [...all].filter((name) => !["id", "name", "embedding"].includes(name)).sort();
}
