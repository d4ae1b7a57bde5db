/** Word-piece ids of one text with its special tokens; typeIds are 0 for the first text, 1 for the second of a pair. */
export interface Encoding {
  ids: Int32Array;
  typeIds: Uint8Array;
}

/** Encodings of B texts side by side, padded to the longest of them. */
export interface PaddedTokens {
  size: number;
  /** T, at least the longest text's number of tokens, and 1 */
  length: number;
  /** [B, T] */
  ids: Int32Array;
  /** [B, T], 1 = token, 0 = padding */
  mask: Uint8Array;
  /** [B, T] */
  typeIds: Uint8Array;
}

/**
 * Pads encodings with `padId` on the right to the longest of them.
 *
 * @param lengthOf  length of padded rows, given the longest (default: that one)
 * @see specs: 2-dense-retrieval-course, vector pad_collator
 */
export function padTokens(
  encodings: readonly Encoding[],
  padId: number,
  lengthOf: (longest: number) => number = (longest) => longest,
): PaddedTokens {
  const size = encodings.length;
  let longest = 1;
  for (const { ids } of encodings) longest = Math.max(longest, ids.length);
  const length = lengthOf(longest);
  const batch: PaddedTokens = {
    size,
    length,
    ids: new Int32Array(size * length).fill(padId),
    mask: new Uint8Array(size * length),
    typeIds: new Uint8Array(size * length),
  };
  encodings.forEach(({ ids, typeIds }, row) => {
    batch.ids.set(ids, row * length);
    batch.typeIds.set(typeIds, row * length);
    batch.mask.fill(1, row * length, row * length + ids.length);
  });
  return batch;
}

/**
 * How many tokens of a pair stay when together they must not exceed `limit`: the longer text gives first, then both
 * share, the second (or longer) one taking the odd token.
 *
 * @see Hugging Face tokenizers, truncation strategy LongestFirst
 */
export function longestFirst(first: number, second: number, limit: number): [number, number] {
  if (first + second <= limit) return [first, second];
  const swap = first > second;
  let shorter = Math.min(first, second);
  let longer = shorter > limit ? shorter : Math.max(shorter, limit - shorter);
  if (shorter + longer > limit) {
    shorter = Math.floor(limit / 2);
    longer = shorter + (limit % 2);
  }
  return swap ? [longer, shorter] : [shorter, longer];
}
