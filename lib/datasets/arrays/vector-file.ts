import fs from "node:fs";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError, describeFileError } from "../../files/data-error.js";
import { readNpy } from "../../files/npy.js";
import { ownEntry } from "../../files/own-entry.js";

export interface VectorFileOptions {
  /** .npy with a row per key, or Parquet */
  path: string;
  /** text file with a key per line (for .npy) */
  keysPath: string | null;
  /** columns of the Parquet file */
  keyColumn: string;
  vectorColumn: string;
  dim: number;
}

/** Precomputed vectors by key. */
export interface VectorFile {
  dim: number;
  get(key: string): Float32Array | undefined;
  size: number;
}

/**
 * Reads precomputed vectors: a .npy matrix [rows, dim] beside a text file of keys, or a Parquet file with a key column
 * and a column of lists. A repeated key keeps its last vector.
 *
 * @throws DataError naming the file and row if keys and vectors do not match, or a vector has another length
 */
export async function readVectorFile(options: VectorFileOptions): Promise<VectorFile> {
  const vectors = options.path.endsWith(".npy") ? fromNpy(options) : await fromParquet(options);
  return { dim: options.dim, size: vectors.size, get: (key) => vectors.get(key) };
}

function fromNpy({ path, keysPath, dim }: VectorFileOptions): Map<string, Float32Array> {
  if (keysPath === null) throw new DataError(`${path}: a .npy file needs a file of keys, got none`);
  const { shape, data } = readNpy(bytesOf(path), path);
  if (shape.length !== 2 || shape[1] !== dim)
    throw new DataError(`${path}: array must be [rows, ${dim}], got [${shape.join(", ")}]`);
  const keys = Buffer.from(bytesOf(keysPath)).toString("utf8").replace(/\n$/, "").split("\n");
  if (keys.length !== shape[0])
    throw new DataError(`${keysPath}: must have a key per row of ${path} (${shape[0]}), got ${keys.length}`);
  return new Map(keys.map((key, row) => [key, Float32Array.from(data.subarray(row * dim, (row + 1) * dim))]));
}

async function fromParquet(options: VectorFileOptions): Promise<Map<string, Float32Array>> {
  const { path, keyColumn, vectorColumn, dim } = options;
  const bytes = bytesOf(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  let rows: Record<string, unknown>[];
  try {
    rows = await parquetReadObjects({ file, compressors, columns: [keyColumn, vectorColumn] });
  } catch (error) {
    throw new DataError(
      `${path}: must be Parquet with the columns "${keyColumn}" and "${vectorColumn}", got: ${(error as Error).message}`,
    );
  }
  const vectors = new Map<string, Float32Array>();
  rows.forEach((row, i) => {
    const vector = ownEntry(row, vectorColumn);
    if (!Array.isArray(vector) && !ArrayBuffer.isView(vector))
      throw new DataError(`${path}: row ${i + 1}: "${vectorColumn}" must be a list, got ${typeof vector}`);
    const values = Float32Array.from(vector as ArrayLike<number>, Number);
    if (values.length !== dim || values.some((value) => !Number.isFinite(value)))
      throw new DataError(
        `${path}: row ${i + 1}: "${vectorColumn}" must have ${dim} finite numbers, got ${values.length} entries`,
      );
    vectors.set(String(row[keyColumn]), values);
  });
  return vectors;
}

function bytesOf(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw describeFileError(file, error);
  }
}
