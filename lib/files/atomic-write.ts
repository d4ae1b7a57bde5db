import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { makeFolder } from "./make-folder.js";
import { systemFault } from "./system-fault.js";

/**
 * Write a whole file so that a reader, or a process killed at any moment, finds either the old bytes or the
 * new ones, never a mixture: temporary file in the same folder, fsync, rename, fsync of the folder.
 *
 * Missing parent folders are made. On an error the temporary file is removed and the old file stays as it was;
 * a kill can leave a `.<name>.<random>.tmp` behind, which nothing reads (see {@link isTemporaryName}).
 *
 * @param filePath  file to create or replace
 * @param data      text (written as UTF-8) or bytes; not changed
 * @throws SystemFault naming the file
 */
export function atomicWriteFile(filePath: string, data: string | Uint8Array): void {
  atomicWriteParts(filePath, [data]);
}

/**
 * {@link atomicWriteFile} for data held in several pieces, written one after the other without joining them.
 *
 * @param parts  pieces in file order; an iterable is consumed as it is written, so large files need no copy
 */
export function atomicWriteParts(filePath: string, parts: Iterable<string | Uint8Array>): void {
  placeFile(filePath, parts, (temporary) => renameSync(temporary, filePath));
}

/**
 * {@link atomicWriteFile} of a file that must not be there yet: of several callers, on several machines too, one wins, and
 * nobody ever sees the file empty or in part.
 *
 * @returns false if the file is there already, which stays as it is
 * @throws SystemFault naming the file, as on a file system without hard links
 */
export function atomicCreateFile(filePath: string, data: string | Uint8Array): boolean {
  let created = true;
  placeFile(filePath, [data], (temporary) => {
    try {
      linkSync(temporary, filePath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      created = false;
    }
    rmSync(temporary, { force: true });
  });
  return created;
}

/** Writes a temporary file beside the place and has it put there, all of it synced. */
function placeFile(
  filePath: string,
  parts: Iterable<string | Uint8Array>,
  place: (temporary: string) => void,
): void {
  const folder = path.dirname(filePath);
  makeFolder(folder);
  const temporary = path.join(folder, temporaryName(path.basename(filePath)));
  let file: number | null = null;
  try {
    file = openSync(temporary, "wx", 0o644);
    for (const part of parts) {
      writeFully(file, typeof part === "string" ? Buffer.from(part, "utf8") : part);
    }
    fsyncSync(file);
    closeSync(file);
    file = null;
    place(temporary);
  } catch (error) {
    if (file !== null) closeSync(file);
    rmSync(temporary, { force: true });
    throw systemFault(error, filePath);
  }
  syncFolder(folder);
}

/** Whether a file name is one of the temporary names used here, so that clean-ups and listings can skip it. */
export function isTemporaryName(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp$/.test(name);
}

function temporaryName(name: string): string {
  return `.${name}.${randomBytes(6).toString("hex")}.tmp`;
}

/** writeSync may write less than asked (signals, nearly full disks); go on until all is written. */
function writeFully(file: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) done += writeSync(file, bytes, done, bytes.byteLength - done);
}

/** Makes the rename itself durable. Some systems (Windows) cannot open a folder: there it is skipped. */
function syncFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(handle);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EINVAL" && code !== "EPERM" && code !== "ENOTSUP") throw error;
  } finally {
    closeSync(handle);
  }
}
