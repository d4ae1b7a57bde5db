import { isSystemFault, systemFault } from "./system-fault.js";
import { UserError } from "./user-error.js";

/**
 * A fault that comes again however often the work is tried: a configuration or data that cannot be used. What runs rows on
 * many machines tells it from a machine's trouble; its exit code is 42.
 */
export class PermanentError extends UserError {
  override readonly name = "PermanentError";
}

/**
 * An error as a {@link PermanentError}, if another try would end in the same way: training gives the same bytes each time, so
 * every expected error is one that is not the operating system's (a full disk, a file that cannot be read now).
 */
export function permanentIfSo(error: unknown): unknown {
  const fault = systemFault(error);
  if (!(fault instanceof UserError) || isSystemFault(fault) || fault instanceof PermanentError) return fault;
  return new PermanentError(fault.message, { cause: fault });
}
