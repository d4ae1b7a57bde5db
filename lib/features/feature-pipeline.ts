import { allocateIds } from "../engine/allocate.js";
import { emptyRecord, ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import type { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import { cleaningOf, type TextCleaning } from "../tokenizer/text-cleaning.js";
import type { TextVectorizer } from "../tokenizer/text-vectorizer.js";
import type { FeatureBatch, FeatureColumn } from "./batch.js";
import { type ColumnReader, missingRows } from "./column-reader.js";
import type { TokenReader } from "./token-reader.js";

/** A column of the data and how it is read. */
export interface FeatureDeclaration {
  name: string;
  type: string;
  /** Columns whose values are joined by spaces; default: the one of the feature's name. */
  from?: readonly string[] | undefined;
}

export interface FeaturePipelineOptions {
  features: readonly FeatureDeclaration[];
  /** For every text feature; may be left out where there is none. */
  vectorizer?: TextVectorizer;
  /** Reads text features as word-pieces in the vectorizer's place: for transformers. */
  tokens?: TokenReader | null;
  /** One mapper per categorical feature, by its name. */
  categories?: Readonly<Record<string, CategoricalMapper>>;
  /** One reader per feature of any other type, by its name. */
  readers?: Readonly<Record<string, ColumnReader>>;
}

export interface EncodeOptions {
  /** Applied to every text after cleaning and before vectorising: where typos are put in. */
  transformText?: (cleaned: string) => string;
  /** First record whose texts are transformed; those before stay as they are. Default 0. */
  transformFrom?: number;
}

/** What was met while encoding, per feature, since the pipeline was made. */
export interface EncodeCounts {
  rows: number;
  /** Texts with nothing left after cleaning. */
  emptyTexts: Record<string, number>;
  /** Values outside the dictionary, which were hashed. */
  unknownCategories: Record<string, number>;
}

/**
 * Declared features of records → arrays: text is cleaned and vectorised, categories are mapped to ids, every other
 * type is read by the reader given for it. An empty cell of a category is marked missing (and hashed all the same).
 *
 * @throws RangeError for a repeated name, a text feature without vectorizer, a categorical feature without mapper, or
 *   a feature of another type without a reader of that type
 */
export class FeaturePipeline {
  readonly features: readonly FeatureDeclaration[];
  readonly counts: EncodeCounts = { rows: 0, emptyTexts: {}, unknownCategories: {} };
  private readonly vectorizer: TextVectorizer | undefined;
  private readonly cleaning: TextCleaning;
  private readonly tokens: TokenReader | null;
  private readonly categories: Readonly<Record<string, CategoricalMapper>>;
  private readonly readers: Readonly<Record<string, ColumnReader>>;

  constructor({
    features,
    vectorizer,
    tokens = null,
    categories = {},
    readers = {},
  }: FeaturePipelineOptions) {
    const seen = new Set<string>();
    const known = ["categorical", "text", ...Object.values(readers).map((reader) => reader.type)];
    for (const { name, type } of features) {
      if (!known.includes(type))
        throw new UserError(
          `unknown type "${type}" of feature "${name}"; known: ${[...new Set(known)].sort().join(", ")}`,
        );
      if (type !== "text" && type !== "categorical" && ownEntry(readers, name)?.type !== type)
        throw new UserError(
          `FeaturePipeline: ${type} feature "${name}" needs a reader, got ${ownEntry(readers, name)?.type ?? "none"}`,
        );
      if (seen.has(name))
        throw new UserError(`FeaturePipeline: feature names must be unique, got "${name}" twice`);
      seen.add(name);
      if (type === "text" && vectorizer === undefined && tokens === null)
        throw new UserError(`FeaturePipeline: text feature "${name}" needs a vectorizer, got none`);
      if (type === "categorical" && ownEntry(categories, name) === undefined)
        throw new UserError(`FeaturePipeline: categorical feature "${name}" needs a mapper, got none`);
      if (type === "text") this.counts.emptyTexts[name] = 0;
      else if (type === "categorical") this.counts.unknownCategories[name] = 0;
    }
    this.features = features;
    this.readers = readers;
    this.vectorizer = vectorizer;
    this.cleaning = tokens?.cleaning ?? vectorizer?.cleaning ?? cleaningOf("published");
    this.tokens = tokens;
    this.categories = categories;
  }

  /**
   * @param records one per row; every declared feature must be a key, "" stands for an empty cell
   * @throws RangeError naming the first record that lacks a feature
   */
  encode(records: readonly Readonly<Record<string, string>>[], options: EncodeOptions = {}): FeatureBatch {
    return this.encodeWith(records.length, (name) => records.map((record) => record[name]), options);
  }

  /** {@link encode} for data held by column; all columns must have `size` values. */
  encodeColumns(
    columns: Readonly<Record<string, readonly string[]>>,
    size: number,
    options: EncodeOptions = {},
  ): FeatureBatch {
    return this.encodeWith(size, (name) => ownEntry(columns, name) ?? [], options);
  }

  private encodeWith(
    size: number,
    valuesOf: (name: string) => readonly (string | undefined)[],
    options: EncodeOptions,
  ): FeatureBatch {
    const columns: Record<string, FeatureColumn> = emptyRecord();
    for (const feature of this.features) {
      const parts = sourceColumns(feature).map((column) => {
        const values = valuesOf(column);
        for (let i = 0; i < size; i++)
          if (typeof values[i] !== "string")
            throw new UserError(
              `FeaturePipeline.encode: record ${i} must have a text "${column}", got ${values[i]}`,
            );
        return values as readonly string[];
      });
      const values = parts.length === 1 ? parts[0]! : joined(parts, size);
      columns[feature.name] = this.encodeColumn(feature.name, feature.type, values, size, options);
    }
    this.counts.rows += size;
    return { size, columns };
  }

  private encodeColumn(
    name: string,
    type: string,
    values: readonly string[],
    size: number,
    options: EncodeOptions,
  ): FeatureColumn {
    if (type === "text") return this.encodeText(name, values, size, options);
    if (type === "categorical") return this.encodeCategories(name, values, size);
    return this.readers[name]!.read(values.length === size ? values : values.slice(0, size));
  }

  /** Everything met since the pipeline was made, by phrase and feature; of other types, zeros are left out. */
  countsByPhrase(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const [name, count] of Object.entries(this.counts.emptyTexts)) found[`empty texts: ${name}`] = count;
    for (const [name, count] of Object.entries(this.counts.unknownCategories))
      found[`unknown categories: ${name}`] = count;
    if (this.tokens) Object.assign(found, this.tokens.counts());
    for (const [name, reader] of Object.entries(this.readers))
      for (const [phrase, count] of Object.entries(reader.counts()))
        if (count > 0) found[`${phrase}: ${name}`] = count;
    return found;
  }

  private encodeText(
    name: string,
    values: readonly string[],
    size: number,
    { transformText: transform, transformFrom = 0 }: EncodeOptions,
  ): FeatureColumn {
    if (this.tokens) {
      this.counts.emptyTexts[name]! += values.filter((value) => this.cleaning.clean(value) === "").length;
      return this.tokens.read(values, transform, transformFrom);
    }
    const vectorizer = this.vectorizer!;
    const ids = allocateIds(size * vectorizer.length, `${name} of ${size} rows`);
    let empty = 0;
    for (let i = 0; i < size; i++) {
      const cleaned = this.cleaning.clean(values[i]!);
      if (cleaned === "") empty++;
      const text = transform && i >= transformFrom ? transform(cleaned) : cleaned;
      vectorizer.vectorizeInto(text, ids, i * vectorizer.length);
    }
    this.counts.emptyTexts[name]! += empty;
    return {
      kind: "text",
      ids,
      length: vectorizer.length,
      ...(vectorizer.words && { words: vectorizer.words }),
    };
  }

  private encodeCategories(name: string, values: readonly string[], size: number): FeatureColumn {
    const mapper = this.categories[name]!;
    const ids = new Int32Array(size);
    let unknown = 0;
    for (let i = 0; i < size; i++) {
      const value = values[i]!;
      if (!mapper.knows(value)) unknown++;
      ids[i] = mapper.id(value);
    }
    this.counts.unknownCategories[name]! += unknown;
    const missing = missingRows(size, (row) => values[row] === "");
    return { kind: "categorical", ids, ...(missing ? { missing } : {}) };
  }
}

/** Columns that a feature is read from: its own name, or those it joins. */
export function sourceColumns(feature: {
  name: string;
  from?: readonly string[] | undefined;
}): readonly string[] {
  return feature.from ?? [feature.name];
}

/** Row by row, the parts that are not empty with a space between. */
function joined(parts: readonly (readonly string[])[], size: number): string[] {
  return Array.from({ length: size }, (_, i) => joinedCells(parts.map((values) => values[i]!)));
}

/** The text that cells of several columns make together: those that are not empty with a space between. */
export function joinedCells(cells: readonly string[]): string {
  return cells.filter((cell) => cell !== "").join(" ");
}
