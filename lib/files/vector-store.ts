import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "./atomic-write.js";
import { DataError } from "./data-error.js";
import { makeFolder } from "./make-folder.js";
import { namingFile } from "./system-fault.js";
import { UserError } from "./user-error.js";

/** What a store holds, written beside it. */
export interface VectorStoreHeader {
  /** length of a vector */
  dim: number;
  /** vectors when it is complete */
  rows: number;
  /** what they are of and by which model; another key is another store */
  key: string;
}

const HEADER = "store.json";
const VECTORS = "vectors.f32";

/**
 * Vectors in a file, row after row in little-endian float32, that is filled from the front and can be resumed after
 * an interruption. Reading goes by positioned reads through the system's page cache, so memory is that of the rows asked
 * for (Node has no memory mapping without a native add-on).
 */
export class VectorStore {
  private done: number;

  private constructor(
    readonly dir: string,
    readonly header: Readonly<VectorStoreHeader>,
    private readonly handle: number,
  ) {
    // a row that was cut off in writing is written again
    this.done = Math.min(header.rows, Math.floor(fs.fstatSync(handle).size / (4 * header.dim)));
  }

  /**
   * Opens a store for filling and reading; makes it if there is none.
   *
   * @throws DataError if the folder holds another store (other key, rows or dim)
   */
  static open(dir: string, header: VectorStoreHeader): VectorStore {
    for (const name of ["dim", "rows"] as const)
      if (!Number.isInteger(header[name]) || header[name] < 1)
        throw new UserError(`VectorStore: ${name} must be a positive integer, got ${header[name]}`);
    const file = path.join(dir, HEADER);
    if (fs.existsSync(file)) {
      const held = readHeader(file);
      for (const name of ["key", "rows", "dim"] as const)
        if (held[name] !== header[name])
          throw new DataError(
            `${file}: a store can only be resumed with the same ${name}, "${header[name]}", got "${held[name]}"; remove the folder to start over`,
          );
    } else {
      makeFolder(dir);
      fs.writeFileSync(path.join(dir, VECTORS), "");
      atomicWriteFile(file, `${JSON.stringify({ format: 1, ...header }, null, 2)}\n`);
    }
    return new VectorStore(dir, header, fs.openSync(path.join(dir, VECTORS), "r+"));
  }

  /** Opens a store that is there, for reading. @throws DataError if it is missing or not complete */
  static read(dir: string): VectorStore {
    const file = path.join(dir, HEADER);
    if (!fs.existsSync(file)) throw new DataError(`${file}: file must exist, found none`);
    const store = new VectorStore(dir, readHeader(file), fs.openSync(path.join(dir, VECTORS), "r"));
    if (!store.complete) {
      store.close();
      throw new DataError(`${dir}: store must be complete, got ${store.done} of ${store.header.rows} rows`);
    }
    return store;
  }

  /** Rows written so far. */
  get rowsDone(): number {
    return this.done;
  }

  get complete(): boolean {
    return this.done === this.header.rows;
  }

  /** Writes the next rows. They are on the disk when this returns. */
  append(vectors: Float32Array): void {
    const { dim, rows } = this.header;
    const count = vectors.length / dim;
    if (!Number.isInteger(count) || this.done + count > rows)
      throw new UserError(
        `VectorStore.append: vectors must be at most ${rows - this.done} whole rows of ${dim}, got ${vectors.length} values`,
      );
    const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
    const start = this.done * dim * 4;
    namingFile(path.join(this.dir, VECTORS), () => {
      for (let at = 0; at < bytes.length; )
        at += fs.writeSync(this.handle, bytes, at, bytes.length - at, start + at);
      fs.fsyncSync(this.handle);
    });
    this.done += count;
  }

  /** Rows [from, from + count), into `out` if given. */
  rows(from: number, count: number, out = new Float32Array(count * this.header.dim)): Float32Array {
    const { dim } = this.header;
    if (!(from >= 0 && count >= 0 && from + count <= this.done))
      throw new UserError(`VectorStore.rows: rows must lie in [0, ${this.done}), got ${from} + ${count}`);
    const bytes = new Uint8Array(out.buffer, out.byteOffset, count * dim * 4);
    for (let at = 0; at < bytes.length; ) {
      const read = fs.readSync(this.handle, bytes, at, bytes.length - at, from * dim * 4 + at);
      if (read === 0)
        throw new DataError(`${this.dir}: store must hold ${this.done} rows, got a shorter file`);
      at += read;
    }
    return out.subarray(0, count * dim);
  }

  /** All rows, `count` at a time; the array is used again for the next. */
  *blocks(count: number): Generator<{ from: number; vectors: Float32Array }> {
    const buffer = new Float32Array(count * this.header.dim);
    for (let from = 0; from < this.done; from += count)
      yield { from, vectors: this.rows(from, Math.min(count, this.done - from), buffer) };
  }

  close(): void {
    fs.closeSync(this.handle);
  }
}

function readHeader(file: string): VectorStoreHeader {
  let held: VectorStoreHeader & { format?: number };
  try {
    held = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new DataError(`${file}: must be readable JSON, got: ${(error as Error).message}`);
  }
  if (held.format !== 1) throw new DataError(`${file}: format must be 1, got ${held.format}`);
  return { dim: held.dim, rows: held.rows, key: held.key };
}
