import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { describeFileError } from "./data-error.js";

/** SHA-256 (hex) and size of a file, read a piece at a time. */
export function hashFile(file: string): { sha256: string; bytes: number } {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(2 ** 20);
  let bytes = 0;
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw describeFileError(file, error);
  }
  try {
    for (let size = 1; size > 0; bytes += size) {
      size = readSync(handle, piece, 0, piece.length, null);
      hash.update(piece.subarray(0, size));
    }
  } finally {
    closeSync(handle);
  }
  return { sha256: hash.digest("hex"), bytes };
}
