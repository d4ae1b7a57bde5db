import type { TextColumns } from "../../datasets/parquet.js";
import { ownEntry } from "../../files/own-entry.js";
import { UserError } from "../../files/user-error.js";
import { CategoricalMapper, type CategoricalMapperOptions } from "../../tokenizer/categorical-mapper.js";
import type { TextVectorizer, WordCuts } from "../../tokenizer/text-vectorizer.js";
import type { RowMisspelling } from "./row-misspelling.js";
import { type VectorizerSpec, vectorizerOf } from "./stream-vectorizer.js";

export interface StreamFeature {
  name: string;
  type: "text" | "categorical";
  /** Columns whose values are joined by spaces; default: the one of the feature's name. */
  from?: readonly string[] | undefined;
}

/** How rows become ids. Plain data, so that it can be sent to worker threads. */
export interface RowEncoding {
  query: readonly StreamFeature[];
  document: readonly StreamFeature[];
  /** For text features. */
  vectorizer: VectorizerSpec;
  /** By the name of the categorical feature. */
  categories?: Readonly<Record<string, CategoricalMapperOptions>>;
  /** Queries are written three times: as trained on, misspelled and clean. Default false. */
  teaching?: boolean;
  /** Only the hashes of query and document are written. Default false. */
  hashesOnly?: boolean;
}

export interface EncodingCounts {
  emptyTexts: Record<string, number>;
  unknownCategories: Record<string, number>;
}

/** Where a feature lies in a flat row. */
export interface RowField {
  name: string;
  type: "text" | "categorical";
  side: "query" | "document";
  /** Columns that it is read from. */
  from: readonly string[];
  offset: number;
  width: number;
  /** Times that it is written, one after the other. */
  copies: number;
}

/**
 * Rows of text columns → flat rows of integers: a hash of the query, a hash of the document, then the ids of every
 * feature, query first. A category of an empty cell is stored as −1 − id. The hashes (FNV-1a of the texts as read,
 * 31 bits: masks take negative numbers for nobody's) say which rows are the same query or document; two different texts
 * share one with probability 2⁻³¹.
 */
export class RowEncoder {
  readonly fields: readonly RowField[];
  /** Integers per row. */
  readonly width: number;
  /** Columns that must be read. */
  readonly columns: readonly string[];
  /** Word boundaries of a text's ids, if the vectoriser has them. */
  readonly words: WordCuts | null;
  readonly counts: EncodingCounts = { emptyTexts: {}, unknownCategories: {} };
  private readonly vectorizer: TextVectorizer;
  private readonly mappers = new Map<string, CategoricalMapper>();

  /** @throws RangeError for a categorical feature without mapper, or a side without features */
  constructor(encoding: RowEncoding) {
    this.vectorizer = vectorizerOf(encoding.vectorizer);
    this.words = this.vectorizer.words ?? null;
    const fields: RowField[] = [];
    let offset = 2;
    for (const side of ["query", "document"] as const) {
      if (encoding[side].length === 0)
        throw new UserError(`RowEncoder: ${side} must have at least one feature, got none`);
      for (const { name, type, from = [name] } of encoding[side]) {
        if (type === "categorical" && !this.mappers.has(name)) {
          const options = ownEntry(encoding.categories, name);
          if (options === undefined)
            throw new UserError(`RowEncoder: categorical feature "${name}" needs a mapper, got none`);
          this.mappers.set(name, new CategoricalMapper(options));
        }
        const width = encoding.hashesOnly ? 0 : type === "text" ? this.vectorizer.length : 1;
        const copies = side === "query" && encoding.teaching ? 3 : 1;
        fields.push({ name, type, side, from, offset, width, copies });
        offset += copies * width;
      }
    }
    this.fields = fields;
    this.width = offset;
    this.columns = [...new Set(fields.flatMap((field) => field.from))];
    for (const { name, type } of fields)
      (type === "text" ? this.counts.emptyTexts : this.counts.unknownCategories)[name] = 0;
  }

  /**
   * All rows of the columns, [rows · width].
   *
   * @param misspelling of the queries' texts, or null for clean ones
   */
  encode(columns: TextColumns, misspelling: RowMisspelling | null = null): Int32Array {
    const rows = columns[this.columns[0]!]!.length;
    const flat = new Int32Array(rows * this.width);
    const chosen = misspelling
      ? Uint8Array.from({ length: rows }, () => (misspelling.chooses() ? 1 : 0))
      : null;
    for (const field of this.fields) {
      const parts = field.from.map((column) => columns[column]!);
      const hashAt = field.side === "query" ? 0 : 1;
      for (let row = 0; row < rows; row++) {
        const start = row * this.width;
        const value = parts.length === 1 ? parts[0]![row]! : joined(parts, row);
        flat[start + hashAt] = hashText(value, flat[start + hashAt]!);
        if (field.width === 0) continue;
        const at = start + field.offset;
        if (field.type === "categorical") this.writeCategory(field, value, flat, at);
        else if (misspelling && field.side === "query")
          this.writeQuery(field, value, flat, at, misspelling, chosen![row] === 1);
        else this.writeText(field, this.vectorizer.cleaning.clean(value), flat, at);
      }
    }
    for (let row = 0; row < rows; row++)
      for (const hashAt of [0, 1]) flat[row * this.width + hashAt]! &= 0x7fffffff;
    return flat;
  }

  /** A query as trained on, then (for teaching) misspelled and clean. */
  private writeQuery(
    field: RowField,
    value: string,
    flat: Int32Array,
    at: number,
    misspelling: RowMisspelling,
    isChosen: boolean,
  ): void {
    const cleaned = this.vectorizer.cleaning.clean(value);
    const wrong = isChosen || field.copies > 1 ? misspelling.apply(cleaned) : cleaned;
    this.writeText(field, isChosen ? wrong : cleaned, flat, at);
    if (field.copies === 1) return;
    this.vectorizer.vectorizeInto(wrong, flat, at + field.width);
    this.vectorizer.vectorizeInto(cleaned, flat, at + 2 * field.width);
  }

  private writeText(field: RowField, cleaned: string, flat: Int32Array, at: number): void {
    if (cleaned === "") this.counts.emptyTexts[field.name]!++;
    this.vectorizer.vectorizeInto(cleaned, flat, at);
  }

  private writeCategory({ name, copies }: RowField, value: string, flat: Int32Array, at: number): void {
    const mapper = this.mappers.get(name)!;
    if (!mapper.knows(value)) this.counts.unknownCategories[name]!++;
    flat.fill(value === "" ? -1 - mapper.id(value) : mapper.id(value), at, at + copies);
  }
}

/** The parts of a row that are not empty, with a space between. */
function joined(parts: readonly (readonly string[])[], row: number): string {
  return parts
    .map((values) => values[row]!)
    .filter((value) => value !== "")
    .join(" ");
}

/** FNV-1a over UTF-16 units and an end mark, continuing from `seed`. */
function hashText(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return Math.imul(hash ^ 0xffff, 0x01000193);
}
