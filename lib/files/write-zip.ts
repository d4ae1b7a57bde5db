import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { Zip, ZipPassThrough } from "fflate";
import { namingFile } from "./system-fault.js";

const PIECE = 2 ** 20;

/**
 * Writes a zip archive of files as they are, a piece at a time, so that it needs no memory. Times are those of 1980: equal
 * files give equal bytes.
 *
 * @param entries  name in the archive and file, in the archive's order
 */
export function writeZip(file: string, entries: readonly { name: string; file: string }[]): void {
  const temporary = `${file}.part`;
  const out = namingFile(file, () => openSync(temporary, "w"));
  try {
    const zip = new Zip((error, chunk) => {
      if (error) throw error;
      namingFile(file, () => writeSync(out, chunk));
    });
    const piece = Buffer.alloc(PIECE);
    for (const entry of entries) {
      const stored = new ZipPassThrough(entry.name);
      stored.mtime = new Date(1980, 0, 1);
      zip.add(stored);
      const from = namingFile(entry.file, () => openSync(entry.file, "r"));
      try {
        let left = fstatSync(from).size;
        if (left === 0) stored.push(new Uint8Array(), true);
        while (left > 0) {
          const read = readSync(from, piece, 0, Math.min(PIECE, left), null);
          left -= read;
          stored.push(Uint8Array.from(piece.subarray(0, read)), left === 0 || read === 0);
          if (read === 0) break;
        }
      } finally {
        closeSync(from);
      }
    }
    zip.end();
    closeSync(out);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
