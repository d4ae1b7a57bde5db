import { checkDictionaryIds } from "./dictionary-ids.js";
import { checkOovCount, OovIds } from "./oov-id.js";

export interface CategoricalMapperOptions {
  /** Value → id 1 … n. */
  dictionary: ReadonlyMap<string, number>;
  /** V ≥ 2, buckets for values outside the dictionary. */
  numOovCategories: number;
}

/**
 * Maps a categorical value to an id: the dictionary's, else MD5 mod (V − 1) + n + 1. Values are compared as they are,
 * without cleaning; id 0 is never given.
 *
 * @throws RangeError for V < 2 or dictionary ids that are not 1 … n
 * @see specs: 0-qdrl section 5.5
 */
export class CategoricalMapper {
  /** n + V, rows the category table needs. */
  readonly rows: number;
  private readonly dictionary: ReadonlyMap<string, number>;
  private readonly oov: OovIds;

  constructor({ dictionary, numOovCategories }: CategoricalMapperOptions) {
    checkOovCount("CategoricalMapper", "numOovCategories", numOovCategories);
    checkDictionaryIds("CategoricalMapper", dictionary);
    this.dictionary = dictionary;
    this.rows = dictionary.size + numOovCategories;
    this.oov = new OovIds(dictionary.size, numOovCategories - 1);
  }

  id(value: string): number {
    return this.dictionary.get(value) ?? this.oov.id(value);
  }

  /** Whether the value is in the dictionary. */
  knows(value: string): boolean {
    return this.dictionary.has(value);
  }
}
