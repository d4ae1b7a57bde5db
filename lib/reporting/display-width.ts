const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** East Asian Wide and Fullwidth blocks, as inclusive code point ranges (Unicode Standard Annex 11, the common ones). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x20000, 0x3fffd],
];

/**
 * Columns that a text takes in a terminal: 2 for wide East Asian characters and emoji, 0 for control and combining
 * characters, 1 otherwise; a grapheme cluster (such as a family emoji) counts once. Escape sequences of colours count 0.
 */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(stripColors(text))) width += graphemeWidth(segment);
  return width;
}

/** The text without terminal colour sequences (`ESC [ … m`). */
export function stripColors(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}

/** Pads with spaces to a number of terminal columns; a longer text is returned as it is. */
export function padToWidth(text: string, width: number, align: "left" | "right" | "center"): string {
  const missing = Math.max(0, width - displayWidth(text));
  const before = align === "right" ? missing : align === "center" ? missing >> 1 : 0;
  return " ".repeat(before) + text + " ".repeat(missing - before);
}

function graphemeWidth(grapheme: string): number {
  if (/^[\p{Cc}\p{Cf}\p{Mn}\p{Me}]*$/u.test(grapheme)) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f|[\u{1f1e6}-\u{1f1ff}]/u.test(grapheme)) return 2;
  const point = grapheme.codePointAt(0)!;
  return WIDE.some(([first, last]) => point >= first && point <= last) ? 2 : 1;
}
