/**
 * An empty dictionary of a user's keys: without a prototype, so that "constructor" is not found before it is put in, and
 * "__proto__" is a key as any other.
 */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null);
}

/**
 * What a dictionary holds under a user's key itself; nothing for "constructor" and what else objects inherit, nor of a
 * dictionary that is not there.
 */
export function ownEntry<T>(
  record: Readonly<Record<string, T>> | null | undefined,
  key: string,
): T | undefined {
  return record != null && Object.hasOwn(record, key) ? record[key] : undefined;
}
