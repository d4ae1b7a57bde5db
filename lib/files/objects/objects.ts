/** An object as a listing shows it. */
export interface ListedObject {
  /** relative to the store */
  key: string;
  /** changes whenever the object is written with other contents */
  tag: string;
}

/**
 * What a folder, S3 and Google Cloud Storage can all do: objects written whole or not at all, under keys with slashes. There
 * is no rename, no append and no lock; whoever wants to be the only one creates an object that must not be there yet.
 *
 * Objects are read and written in memory, so one is a few hundred megabytes at most.
 */
export interface Objects {
  /** Where it is, for messages: a folder, s3://… or gs://… */
  readonly address: string;
  /** Of several callers at once, one gets true; false if the key is there already. */
  create(key: string, body: string | Uint8Array): Promise<boolean>;
  /** Creates or replaces. */
  put(key: string, body: string | Uint8Array): Promise<void>;
  /** null if there is no such key. */
  get(key: string): Promise<Uint8Array | null>;
  /** Of keys that begin with a prefix, which is "" or ends in a slash; sorted by key. */
  list(prefix: string): Promise<ListedObject[]>;
  /** Nothing happens if there is no such key. */
  remove(key: string): Promise<void>;
}

/** An object's text as UTF-8; null if there is no such key. */
export async function objectText(objects: Objects, key: string): Promise<string | null> {
  const bytes = await objects.get(key);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** An object's text as JSON; null if there is no such key. */
export async function objectJson<T>(objects: Objects, key: string): Promise<T | null> {
  const text = await objectText(objects, key);
  return text === null ? null : (JSON.parse(text) as T);
}
