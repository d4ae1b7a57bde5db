import { UserError } from "./user-error.js";

/**
 * What is asked for twice would be computed, counted and shown twice: the same queries as so many more of them.
 *
 * @param where  what the list is, for the message
 * @throws UserError naming the first value that comes again
 */
export function checkDistinct(where: string, values: readonly (string | number)[]): void {
  const again = values.find((value, i) => values.indexOf(value) < i);
  if (again !== undefined) throw new UserError(`${where}: must differ, got ${JSON.stringify(again)} twice`);
}
