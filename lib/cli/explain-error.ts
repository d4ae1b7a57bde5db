import { systemFault } from "../files/system-fault.js";
import { UserError } from "../files/user-error.js";

/**
 * What a person should read of an error: the line of an expected one, the whole stack of anything else, which is a bug.
 *
 * @returns lines, each of an expected error beginning with `error: `
 */
export function explainError(error: unknown): string {
  const fault = systemFault(error);
  if (fault instanceof UserError)
    return fault.message
      .split("\n")
      .map((line) => `error: ${line}`)
      .join("\n");
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
