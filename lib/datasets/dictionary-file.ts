import { DataError } from "../files/data-error.js";
import { readLines } from "../files/lines.js";
import { dictionaryFileOf } from "./dataset-layout.js";
import { writeJsonLines } from "./json-lines.js";

export type DictionaryKind = "token" | "category";

/** A token or value with its id and, where it was counted, how often it occurred. */
export interface DictionaryEntry {
  key: string;
  id: number;
  count?: number;
}

const keyNames: Record<DictionaryKind, "token" | "value"> = { token: "token", category: "value" };

/**
 * Reads a dictionary, one object a line: `{"token": "speaker", "token_id": 17}` or `{"value": "48", "value_id": 3}`.
 *
 * Strict, because a wrong id is a wrong embedding: every line must be right, and the ids must be 1 … n, each once.
 *
 * @param fileOrFolder dictionary.json or the folder that has it
 * @throws DataError naming file and line
 * @see specs: 0-qdrl section 3.4
 */
export function readDictionary(fileOrFolder: string, kind: DictionaryKind): Map<string, number> {
  const file = dictionaryFileOf(fileOrFolder);
  const name = keyNames[kind];
  const dictionary = new Map<string, number>();
  const lineOfId = new Map<number, number>();
  const lineOfKey = new Map<string, number>();
  for (const { number, text, problem } of readLines(file)) {
    if (text !== null && text.trim() === "") continue;
    const at = `${file}:${number}`;
    if (text === null) throw new DataError(`${at}: ${problem}`);
    const { key, id } = parseEntry(text, at, name);
    if (lineOfKey.has(key))
      throw new DataError(
        `${at}: each ${name} must occur once, got ${JSON.stringify(key)} as in line ${lineOfKey.get(key)}`,
      );
    if (lineOfId.has(id))
      throw new DataError(`${at}: each id must occur once, got ${id} as in line ${lineOfId.get(id)}`);
    lineOfKey.set(key, number);
    lineOfId.set(id, number);
    dictionary.set(key, id);
  }
  const n = dictionary.size;
  if (n === 0) throw new DataError(`${file}: dictionary must have at least one entry, got 0`);
  for (const [id, line] of lineOfId)
    if (id > n)
      throw new DataError(`${file}:${line}: ids of ${n} entries must be 1 to ${n} without gaps, got ${id}`);
  return dictionary;
}

/** Writes a dictionary in id order, whole or not at all. */
export function writeDictionary(
  fileOrFolder: string,
  kind: DictionaryKind,
  entries: readonly DictionaryEntry[],
): void {
  const name = keyNames[kind];
  const lines = entries.map(({ key, id, count }) => ({
    [name]: key,
    [`${name}_id`]: id,
    ...(count === undefined ? {} : { count }),
  }));
  writeJsonLines(dictionaryFileOf(fileOrFolder), lines);
}

function parseEntry(text: string, at: string, name: "token" | "value"): { key: string; id: number } {
  let record: Record<string, unknown> | null;
  try {
    record = JSON.parse(text);
  } catch {
    throw new DataError(`${at}: line must be a JSON object, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  if (record === null || typeof record !== "object" || Array.isArray(record))
    throw new DataError(`${at}: line must be a JSON object, got ${text.slice(0, 40)}`);
  const key = record[name];
  const id = record[`${name}_id`];
  if (typeof key !== "string")
    throw new DataError(`${at}: "${name}" must be text, got ${JSON.stringify(key)}`);
  if (typeof id !== "number" || !Number.isInteger(id) || id < 1)
    throw new DataError(
      `${at}: "${name}_id" must be an integer from 1 on (0 is padding), got ${JSON.stringify(id)}`,
    );
  return { key, id };
}
