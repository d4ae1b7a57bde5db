/**
 * A fault that a person can mend: wrong input, options or data, or what their machine refused. One line, `where: rule, got
 * value`, where the place is a file, a key or the called function. The command line prints it as it is and exits with 1;
 * the stack of anything else is printed, for it is a fault of this program.
 */
export class UserError extends RangeError {
  override readonly name: string = "UserError";
}
