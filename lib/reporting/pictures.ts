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
 * @throws UserError for a name or bytes that are no picture's, an error of the file system where the file cannot be read
 */
export function pictureAddress(file: string): string {
  const type = ownEntry(TYPES, extname(file).toLowerCase());
  if (type === undefined)
    throw new UserError(`pictureAddress: file must end in ${Object.keys(TYPES).join(", ")}, got ${file}`);
  const bytes = readFileSync(file);
  if (!looksLike(type, bytes))
    throw new UserError(`pictureAddress: file must hold ${type}, got other bytes in ${file}`);
  return bytesAddress(bytes, type);
}

/** Whether bytes begin as that kind of picture does: a name alone would put any file into a page. */
function looksLike(type: string, bytes: Buffer): boolean {
  const start = bytes.toString("latin1", 0, 4096);
  switch (type) {
    case "image/svg+xml":
      return /<svg[\s/>]/i.test(start);
    case "image/png":
      return start.startsWith("\x89PNG");
    case "image/jpeg":
      return start.startsWith("\xff\xd8\xff");
    case "image/webp":
      return start.startsWith("RIFF") && start.slice(8, 12) === "WEBP";
    default:
      return start.startsWith("GIF8");
  }
}

/** Picture bytes as a `data:` address; `type` is a MIME type such as "image/png". */
export function bytesAddress(bytes: Uint8Array, type: string): string {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}
