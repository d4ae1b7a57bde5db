import { allocateIds } from "../engine/allocate.js";
import { UserError } from "../files/user-error.js";
import type { CategoricalMapper } from "../tokenizer/categorical-mapper.js";
import type { FeatureColumn } from "./batch.js";
import type { ColumnReader } from "./column-reader.js";

export interface CategoryListOptions {
  mapper: CategoricalMapper;
  /** between the categories of a cell */
  separator: string;
  /** categories kept per cell, the first ones */
  limit: number;
}

/** Reads cells with several categories. Ids are the mapper's, which never gives 0: 0 pads. Unknown ones are hashed. */
export class CategoryListReader implements ColumnReader {
  readonly type = "multi_categorical";
  private empty = 0;
  private unknown = 0;
  private cut = 0;

  constructor(private readonly options: CategoryListOptions) {
    if (options.separator === "")
      throw new UserError('CategoryListReader: separator must not be empty, got ""');
    if (!Number.isInteger(options.limit) || options.limit < 1)
      throw new UserError(`CategoryListReader: limit must be a positive integer, got ${options.limit}`);
  }

  read(cells: readonly string[]): FeatureColumn {
    const { mapper, separator, limit } = this.options;
    const ids = allocateIds(cells.length * limit, `categories of ${cells.length} rows`);
    cells.forEach((cell, row) => {
      const values = cell
        .split(separator)
        .map((value) => value.trim())
        .filter((value) => value !== "");
      if (values.length === 0) this.empty++;
      this.cut += Math.max(0, values.length - limit);
      values.slice(0, limit).forEach((value, i) => {
        if (!mapper.knows(value)) this.unknown++;
        ids[row * limit + i] = mapper.id(value);
      });
    });
    return { kind: "categories", ids, length: limit };
  }

  counts(): Record<string, number> {
    return {
      "empty category lists": this.empty,
      "unknown categories": this.unknown,
      "categories beyond the limit": this.cut,
    };
  }
}
