import type { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import { cleanPhrase } from "../tokenizer/clean-phrase.js";
import type { TextVectorizer } from "../tokenizer/text-vectorizer.js";
import type { FeatureBatch, FeatureColumn } from "./batch.js";

/** A column of the data and how it is read. */
export interface FeatureDeclaration {
  name: string;
  type: "text" | "categorical";
}

const featureTypes = ["text", "categorical"];

export interface FeaturePipelineOptions {
  features: readonly { name: string; type: string }[];
  /** For every text feature; may be left out where there is none. */
  vectorizer?: TextVectorizer;
  /** One mapper per categorical feature, by its name. */
  categories?: Readonly<Record<string, CategoricalMapper>>;
}

export interface EncodeOptions {
  /** Applied to every text after cleaning and before vectorising: where typos are put in. */
  transformText?: (cleaned: string) => string;
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
 * Declared features of records → arrays: text is cleaned and vectorised, categories are mapped to ids.
 *
 * @throws RangeError for an unknown feature type, a repeated name, a text feature without vectorizer or a categorical
 *   feature without mapper
 */
export class FeaturePipeline {
  readonly features: readonly FeatureDeclaration[];
  readonly counts: EncodeCounts = { rows: 0, emptyTexts: {}, unknownCategories: {} };
  private readonly vectorizer: TextVectorizer | undefined;
  private readonly categories: Readonly<Record<string, CategoricalMapper>>;

  constructor({ features, vectorizer, categories = {} }: FeaturePipelineOptions) {
    const seen = new Set<string>();
    for (const { name, type } of features) {
      if (!featureTypes.includes(type))
        throw new RangeError(
          `unknown type "${type}" of feature "${name}"; known: ${[...featureTypes].sort().join(", ")}`,
        );
      if (seen.has(name))
        throw new RangeError(`FeaturePipeline: feature names must be unique, got "${name}" twice`);
      seen.add(name);
      if (type === "text" && vectorizer === undefined)
        throw new RangeError(`FeaturePipeline: text feature "${name}" needs a vectorizer, got none`);
      if (type === "categorical" && categories[name] === undefined)
        throw new RangeError(`FeaturePipeline: categorical feature "${name}" needs a mapper, got none`);
      if (type === "text") this.counts.emptyTexts[name] = 0;
      else this.counts.unknownCategories[name] = 0;
    }
    this.features = features as readonly FeatureDeclaration[];
    this.vectorizer = vectorizer;
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
    return this.encodeWith(size, (name) => columns[name] ?? [], options);
  }

  private encodeWith(
    size: number,
    valuesOf: (name: string) => readonly (string | undefined)[],
    options: EncodeOptions,
  ): FeatureBatch {
    const columns: Record<string, FeatureColumn> = {};
    for (const { name, type } of this.features) {
      const values = valuesOf(name);
      for (let i = 0; i < size; i++)
        if (typeof values[i] !== "string")
          throw new RangeError(
            `FeaturePipeline.encode: record ${i} must have a text "${name}", got ${values[i]}`,
          );
      columns[name] =
        type === "text"
          ? this.encodeText(name, values as string[], size, options.transformText)
          : this.encodeCategories(name, values as string[], size);
    }
    this.counts.rows += size;
    return { size, columns };
  }

  private encodeText(
    name: string,
    values: readonly string[],
    size: number,
    transform: EncodeOptions["transformText"],
  ): FeatureColumn {
    const vectorizer = this.vectorizer!;
    const ids = new Int32Array(size * vectorizer.length);
    let empty = 0;
    for (let i = 0; i < size; i++) {
      const cleaned = cleanPhrase(values[i]!);
      if (cleaned === "") empty++;
      vectorizer.vectorizeInto(transform ? transform(cleaned) : cleaned, ids, i * vectorizer.length);
    }
    this.counts.emptyTexts[name]! += empty;
    return { kind: "text", ids, length: vectorizer.length };
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
    return { kind: "categorical", ids };
  }
}

/** {@link FeaturePipeline} as a function. */
export function createFeaturePipeline(options: FeaturePipelineOptions): FeaturePipeline {
  return new FeaturePipeline(options);
}
