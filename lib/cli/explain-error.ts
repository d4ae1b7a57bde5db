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
      .map((line) => `error: ${shortened(line)}`)
      .join("\n");
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Characters of a line that somebody reads; what a file or an option brought in may be megabytes. */
const READABLE = 2000;

function shortened(line: string): string {
  if (line.length <= READABLE) return line;
  const left = (line.length - READABLE).toLocaleString("en");
  return `${line.slice(0, READABLE / 2)} … ${left} characters left out … ${line.slice(-READABLE / 2)}`;
}
