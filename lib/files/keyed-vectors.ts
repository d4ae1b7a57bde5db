import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { atomicWriteFile } from "./atomic-write.js";
import { DataError } from "./data-error.js";
import { makeFolder } from "./make-folder.js";
import { namingFile } from "./system-fault.js";
import { UserError } from "./user-error.js";

const HEADER = "keyed-vectors.json";
const VECTORS = "vectors.f32";
const KEYS = "keys.sha256";
/** Bytes of a key: a SHA-256. */
const KEY = 32;

/**
 * Vectors by the text they are of, in a folder that only grows: rows of little-endian float32 in one file, SHA-256 of the
 * texts in another. Rows are on the disk before their keys are, and what one of the two lacks after a kill is written
 * again, so a reader finds whole rows only. One process may append at a time ({@link withFolderLock}).
 */
export class KeyedVectors {
  /** key in hexadecimal → row */
  private readonly rowOf = new Map<string, number>();

  private constructor(
    readonly dir: string,
    readonly dim: number,
    private readonly vectors: number,
    private readonly keys: number,
  ) {
    const whole = Math.floor(fs.fstatSync(vectors).size / (4 * dim));
    const bytes = fs.readFileSync(path.join(dir, KEYS));
    const rows = Math.min(whole, Math.floor(bytes.length / KEY));
    for (let row = 0; row < rows; row++)
      this.rowOf.set(bytes.toString("hex", row * KEY, (row + 1) * KEY), row);
    if (this.rowOf.size !== rows)
      throw new DataError(
        `${path.join(dir, KEYS)}: each text must occur once, got ${rows - this.rowOf.size} again`,
      );
  }

  /** Opens the folder, made if there is none. @throws DataError if it holds vectors of another length */
  static open(dir: string, dim: number): KeyedVectors {
    if (!Number.isInteger(dim) || dim < 1)
      throw new UserError(`KeyedVectors: dim must be a positive integer, got ${dim}`);
    const header = path.join(dir, HEADER);
    if (!fs.existsSync(header)) {
      makeFolder(dir);
      for (const name of [VECTORS, KEYS]) fs.closeSync(fs.openSync(path.join(dir, name), "a"));
      atomicWriteFile(header, `${JSON.stringify({ format: 1, dim })}\n`);
    }
    const held = readHeader(header);
    if (held !== dim)
      throw new DataError(
        `${header}: vectors must have ${dim} numbers, got ${held}; remove the folder to start over`,
      );
    const file = (name: string) => fs.openSync(path.join(dir, name), "r+");
    return new KeyedVectors(dir, dim, file(VECTORS), file(KEYS));
  }

  get size(): number {
    return this.rowOf.size;
  }

  has(text: string): boolean {
    return this.rowOf.has(keyOf(text).toString("hex"));
  }

  /**
   * Adds the vectors of texts that are not there yet; they are on the disk when this returns.
   *
   * @param vectors [texts, dim]
   * @throws RangeError for a text that is there, or another number of values
   */
  append(texts: readonly string[], vectors: Float32Array): void {
    if (vectors.length !== texts.length * this.dim)
      throw new UserError(
        `KeyedVectors.append: vectors must be ${texts.length} rows of ${this.dim}, got ${vectors.length} values`,
      );
    const keys = texts.map(keyOf);
    const names = keys.map((key) => key.toString("hex"));
    const known = names.findIndex((name, i) => this.rowOf.has(name) || names.indexOf(name) < i);
    if (known >= 0)
      throw new UserError(
        `KeyedVectors.append: texts must be new, got "${texts[known]!.slice(0, 60)}" again`,
      );
    const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
    this.write(VECTORS, this.vectors, bytes, this.size * this.dim * 4);
    this.write(KEYS, this.keys, Buffer.concat(keys), this.size * KEY);
    for (const name of names) this.rowOf.set(name, this.rowOf.size);
  }

  /** [texts, dim]. @throws RangeError for a text that is not there */
  of(texts: readonly string[]): Float32Array {
    const out = new Float32Array(texts.length * this.dim);
    const width = this.dim * 4;
    texts.forEach((text, i) => {
      const row = this.rowOf.get(keyOf(text).toString("hex"));
      if (row === undefined)
        throw new UserError(`KeyedVectors: texts must be there, got "${text.slice(0, 60)}", which is not`);
      const into = new Uint8Array(out.buffer, i * width, width);
      for (let at = 0; at < width; ) {
        const read = fs.readSync(this.vectors, into, at, width - at, row * width + at);
        if (read === 0)
          throw new DataError(`${this.dir}: file must hold ${this.size} rows, got a shorter one`);
        at += read;
      }
    });
    return out;
  }

  close(): void {
    fs.closeSync(this.vectors);
    fs.closeSync(this.keys);
  }

  private write(name: string, handle: number, bytes: Uint8Array, start: number): void {
    namingFile(path.join(this.dir, name), () => {
      for (let at = 0; at < bytes.length; )
        at += fs.writeSync(handle, bytes, at, bytes.length - at, start + at);
      fs.fsyncSync(handle);
    });
  }
}

function keyOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function readHeader(file: string): number {
  let held: { format?: unknown; dim?: unknown };
  try {
    held = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new DataError(`${file}: must be readable JSON, got: ${(error as Error).message}`);
  }
  if (held.format !== 1 || typeof held.dim !== "number")
    throw new DataError(`${file}: format must be 1 with a dim, got ${JSON.stringify(held).slice(0, 60)}`);
  return held.dim;
}
