import { UserError } from "./user-error.js";

/**
 * What an operating system's error code means to a person. The names of the codes follow the words, for searching.
 *
 * @see errno(3)
 */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "no permission to read or write here"],
  ["EDQUOT", "the disk quota is used up"],
  ["EEXIST", "must be a folder, got a file"],
  ["EFBIG", "the file is larger than is allowed here"],
  ["EISDIR", "must be a file, got a folder"],
  ["EMFILE", "too many files are open"],
  ["ENAMETOOLONG", "the name is too long for this file system"],
  ["ENOENT", "cannot be found, or its folder cannot be made"],
  ["ENOSPC", "the disk is full"],
  ["ENOTDIR", "must be in a folder, got a file in its place"],
  ["EPERM", "no permission to read or write here"],
  ["EROFS", "the disk is read-only"],
  ["EADDRINUSE", "is in use already"],
]);

/** An error of the operating system, with the file that it is about. `code` is the system's own. */
class SystemFault extends UserError {
  override readonly name = "SystemFault";

  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** Whether an error is the operating system's, already named. */
export function isSystemFault(error: unknown): boolean {
  return error instanceof SystemFault;
}

/**
 * A raw error of the operating system as a {@link SystemFault}; anything else comes back as it is.
 *
 * @param file  named where the error itself names none: a write to a full disk knows only its handle
 */
export function systemFault(error: unknown, file?: string): unknown {
  const { code, syscall, path, dest } = (error ?? {}) as NodeJS.ErrnoException & { dest?: string };
  if (error instanceof SystemFault || code === undefined || syscall === undefined) return error;
  const where = dest ?? path ?? file ?? syscall;
  return new SystemFault(`${where}: ${WORDS.get(code) ?? `${syscall} fails`} (${code})`, code);
}

/** What `work` gives; an error of the operating system names `file`. @throws SystemFault */
export function namingFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemFault(error, file);
  }
}
