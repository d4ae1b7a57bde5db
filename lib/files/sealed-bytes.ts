import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { atomicWriteFile } from "./atomic-write.js";
import { systemFault } from "./system-fault.js";

const SEAL_BYTES = 32;

/** Writes bytes behind their SHA-256, whole or not at all. */
export function writeSealedBytes(file: string, bytes: Uint8Array): void {
  atomicWriteFile(file, Buffer.concat([seal(bytes), bytes]));
}

/** What {@link writeSealedBytes} wrote; null where there is no such file or its bytes do not fit their seal. */
export function readSealedBytes(file: string): Uint8Array | null {
  let whole: Buffer;
  try {
    whole = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw systemFault(error, file);
  }
  const bytes = whole.subarray(SEAL_BYTES);
  return whole.length >= SEAL_BYTES && seal(bytes).equals(whole.subarray(0, SEAL_BYTES)) ? bytes : null;
}

function seal(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
