import { type Encoding, type PaddedTokens, padTokens } from "../tokenizer/wordpiece/token-batch.js";

export type { PaddedTokens };

/** Word-pieces of B texts without padding: row r is ids[offsets[r] … offsets[r + 1]), type ids alike. */
export interface TokenColumn {
  kind: "tokens";
  ids: Int32Array;
  typeIds: Uint8Array;
  /** [B + 1] */
  offsets: Int32Array;
}

/** Encodings one after the other. */
export function tokenColumn(encodings: readonly Encoding[]): TokenColumn {
  const offsets = new Int32Array(encodings.length + 1);
  encodings.forEach(({ ids }, row) => {
    offsets[row + 1] = offsets[row]! + ids.length;
  });
  const column: TokenColumn = {
    kind: "tokens",
    ids: new Int32Array(offsets[encodings.length]!),
    typeIds: new Uint8Array(offsets[encodings.length]!),
    offsets,
  };
  encodings.forEach(({ ids, typeIds }, row) => {
    column.ids.set(ids, offsets[row]!);
    column.typeIds.set(typeIds, offsets[row]!);
  });
  return column;
}

/** The encoding of one row (views, not copies). */
export function encodingOf({ ids, typeIds, offsets }: TokenColumn, row: number): Encoding {
  const [from, to] = [offsets[row]!, offsets[row + 1]!];
  return { ids: ids.subarray(from, to), typeIds: typeIds.subarray(from, to) };
}

/** Number of tokens of each row, special tokens included. */
export function tokenCounts({ offsets }: TokenColumn): Int32Array {
  return Int32Array.from({ length: offsets.length - 1 }, (_, row) => offsets[row + 1]! - offsets[row]!);
}

/**
 * The rows side by side, padded to the longest.
 *
 * @param lengthOf  length of padded rows, given the longest (default: that one)
 */
export function padColumn(
  column: TokenColumn,
  padId: number,
  lengthOf?: (longest: number) => number,
): PaddedTokens {
  const rows = Array.from({ length: column.offsets.length - 1 }, (_, row) => encodingOf(column, row));
  return padTokens(rows, padId, lengthOf);
}
