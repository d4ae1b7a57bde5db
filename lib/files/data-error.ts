import { systemFault } from "./system-fault.js";
import { UserError } from "./user-error.js";

/**
 * Data that cannot be used: one line naming the file, the line or column, the rule and what was found instead.
 * Readers throw nothing else for bad input, so `on_error: skip` can tell bad data from a bug.
 */
export class DataError extends UserError {
  override readonly name = "DataError";
}

/**
 * Turns a file-system error into a {@link DataError} that names the file, where the file is what is wrong; a machine that
 * cannot read now into a SystemFault. Anything else comes back as it is.
 */
export function describeFileError(file: string, error: unknown): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT") return new DataError(`${file}: file must exist, found none`);
  if (code === "EISDIR") return new DataError(`${file}: must be a file, found a folder`);
  if (code === "ENOTDIR") return new DataError(`${file}: must be a folder, found a file`);
  if (code === "EACCES" || code === "EPERM")
    return new DataError(`${file}: file must be readable, access is denied`);
  return systemFault(error, file);
}
