import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";

const TYPES: Record<string, string> = {
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
};

/**
 * A picture file as a `data:` address, for pages that open without the file.
 *
 * @throws TypeError on a file name that is not an image's, an Error of the file system where the file cannot be read
 */
export function pictureAddress(file: string): string {
  const type = ownEntry(TYPES, extname(file).toLowerCase());
  if (type === undefined)
    throw new UserError(`pictureAddress: file must end in ${Object.keys(TYPES).join(", ")}, got ${file}`);
  return bytesAddress(readFileSync(file), type);
}

/** Picture bytes as a `data:` address; `type` is a MIME type such as "image/png". */
export function bytesAddress(bytes: Uint8Array, type: string): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
