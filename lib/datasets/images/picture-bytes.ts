import fs from "node:fs";
import path from "node:path";
import { DataError, describeFileError } from "../../files/data-error.js";
import { ownEntry } from "../../files/own-entry.js";

/** Where the pictures of a data set are looked for. */
export interface PictureLocation {
  /** Folders that a relative path is tried in, in order. */
  folders: readonly string[];
  /** JSON file of `{"<address>": "<file beside it>"}` for pictures downloaded before; null = none. */
  downloads: string | null;
}

/**
 * The bytes that a cell means: a file's path, `data:image/…;base64,…` (bytes in the cell), or a web address whose
 * download is listed. Nothing is fetched.
 *
 * @throws DataError naming the cell if there is no such file or download
 */
export function pictureBytes(cell: string, location: PictureLocation): Uint8Array {
  if (cell.startsWith("data:")) return bytesInCell(cell);
  if (/^https?:\/\//.test(cell)) return readFile(downloadedFile(cell, location), cell);
  const tried = path.isAbsolute(cell) ? [cell] : location.folders.map((folder) => path.join(folder, cell));
  return readFile(tried.find((file) => fs.existsSync(file)) ?? tried[0]!, cell);
}

function bytesInCell(cell: string): Uint8Array {
  const found = /^data:image\/[a-z+.-]+;base64,([A-Za-z0-9+/=\s]*)$/.exec(cell);
  if (!found)
    throw new DataError(
      `picture: bytes in a cell must be "data:image/…;base64,…", got ${JSON.stringify(cell.slice(0, 40))}`,
    );
  return Buffer.from(found[1]!, "base64");
}

function downloadedFile(address: string, { downloads }: PictureLocation): string {
  if (downloads === null)
    throw new DataError(`${address}: a web address needs a list of downloads (downloads), got none`);
  const list: unknown = JSON.parse(fs.readFileSync(downloads, "utf8"));
  const file = ownEntry(list as Record<string, unknown>, address);
  if (typeof file !== "string")
    throw new DataError(`${downloads}: must name the download of ${address}, got none`);
  return path.join(path.dirname(downloads), file);
}

function readFile(file: string, cell: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (cell !== file && (error as NodeJS.ErrnoException).code === "ENOENT")
      throw new DataError(`${cell}: picture must exist, found no ${file}`);
    throw describeFileError(file, error);
  }
}
