import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { atomicWriteFile } from "./atomic-write.js";
import { namingFile } from "./system-fault.js";
import { UserError } from "./user-error.js";

const OPEN = "0".repeat(64);
const SEAL = /(checksum"?: "?)([0-9a-f]{64})("?\s*\}?\s*)$/;

/**
 * Writes JSON with `checksum` as its last key: SHA-256 of the whole text with zeros in the checksum's place, so any changed
 * byte is found on reading.
 */
export function writeSealedJson(file: string, value: object): void {
  atomicWriteFile(file, sealed(`${JSON.stringify({ ...value, checksum: OPEN }, null, 2)}\n`));
}

/** Writes YAML whose last line is a comment with its checksum, as {@link writeSealedJson}. */
export function writeSealedYaml(file: string, text: string): void {
  atomicWriteFile(file, sealed(`${text}# checksum: ${OPEN}\n`));
}

/**
 * Compares a text with the checksum at its end.
 *
 * @returns whether there is one; texts of before there were any, and of other hands, have none
 * @throws UserError naming the file, if it does not fit
 */
export function checkSeal(text: string, file: string): boolean {
  const found = SEAL.exec(text);
  if (!found) return false;
  const actual = hashOf(text.replace(SEAL, `$1${OPEN}$3`));
  if (actual !== found[2])
    throw new UserError(
      `${file}: is damaged or was edited, its checksum must be ${found[2]!.slice(0, 12)}…, got ${actual.slice(0, 12)}…`,
    );
  return true;
}

/** A text file whose checksum, if there is one, fits. @throws UserError */
export function readSealed(file: string): string {
  const text = namingFile(file, () => readFileSync(file, "utf8"));
  checkSeal(text, file);
  return text;
}

/** {@link readSealed} of JSON; `checksum` is undefined where there is none. */
export function readSealedJson<T extends object>(file: string): T & { checksum?: string } {
  const text = readSealed(file);
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${file}: must be JSON, got a damaged file`);
  }
}

function sealed(open: string): string {
  const hash = hashOf(open);
  return open.replace(SEAL, `$1${hash}$3`);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
