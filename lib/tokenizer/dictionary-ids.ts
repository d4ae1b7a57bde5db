import { UserError } from "../files/user-error.js";

/**
 * Checks that the ids of a dictionary of n entries are 1 … n, each once. 0 is padding, and n is where the
 * out-of-vocabulary range starts, so a gap would make two tokens share a row without a word.
 *
 * @throws RangeError naming the first offending entry
 */
export function checkDictionaryIds(where: string, dictionary: ReadonlyMap<string, number>): void {
  const n = dictionary.size;
  const seen = new Uint8Array(n + 1);
  for (const [token, id] of dictionary) {
    if (!Number.isInteger(id) || id < 1 || id > n)
      throw new UserError(
        `${where}: ids of a dictionary of ${n} entries must be 1 to ${n} without gaps (0 is padding), got ${id} for "${token}"`,
      );
    if (seen[id] === 1) throw new UserError(`${where}: ids must be unique, got ${id} again for "${token}"`);
    seen[id] = 1;
  }
}
