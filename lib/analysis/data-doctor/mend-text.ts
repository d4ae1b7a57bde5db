import { repairText } from "../../datasets/text-repair.js";

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};
const entity = /&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{2,6})|#x([0-9a-f]{2,5}));/gi;

/** Faults of encoding by name: where in a text it begins, −1 = nowhere; those with `mends` are put right by {@link mendText}. */
export const encodingFaults: readonly { name: string; mends: boolean; at: (text: string) => number }[] = [
  {
    name: "UTF-8 read as Latin-1 or windows-1252 (mojibake)",
    mends: true,
    at: (text) => (repairText(text).repaired > 0 ? firstDifference(text, repairText(text).text) : -1),
  },
  { name: "replacement characters (U+FFFD)", mends: false, at: (text) => text.indexOf("\ufffd") },
  { name: "control characters", mends: true, at: (text) => text.search(control) },
  {
    name: "Unicode that is not in normal form C",
    mends: true,
    at: (text) => firstDifference(text, text.normalize("NFC")),
  },
  { name: "HTML entities", mends: true, at: (text) => text.search(entity) },
  {
    name: "invisible characters (width zero, marks of direction, soft hyphens)",
    mends: true,
    at: (text) => text.search(invisible),
  },
  { name: "halves of surrogate pairs", mends: true, at: (text) => text.search(half) },
  {
    name: "words of two scripts that look alike (Latin and Cyrillic or Greek)",
    mends: false,
    at: (text) => text.search(mixed),
  },
];

const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** Joiners (U+200C, U+200D) belong to Persian, Indic scripts and emoji. */
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]/;
const half = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const mixed =
  /\p{Script=Latin}[\p{M}\p{Script=Latin}]*[\p{Script=Cyrillic}\p{Script=Greek}]|[\p{Script=Cyrillic}\p{Script=Greek}][\p{M}\p{Script=Cyrillic}\p{Script=Greek}]*\p{Script=Latin}/u;

/** Where two texts differ first, −1 = nowhere. */
function firstDifference(text: string, other: string): number {
  if (text === other) return -1;
  let at = 0;
  while (text[at] === other[at]) at++;
  return at;
}

/**
 * A text as it was meant: mojibake repaired, entities written out, control and invisible characters left out, halves of
 * surrogate pairs replaced by U+FFFD, normal form C. What is lost (U+FFFD) stays lost. Idempotent but for text about encodings.
 */
export function mendText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes("&")) return text;
  return repairText(text)
    .text.replace(entity, (whole, name?: string, decimal?: string, hex?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()]!;
      const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
      return code <= 0x10ffff && code >= 0x20 && !(code >= 0xd800 && code <= 0xdfff)
        ? String.fromCodePoint(code)
        : whole;
    })
    .replace(new RegExp(control, "g"), "")
    .replace(new RegExp(invisible, "g"), "")
    .replace(new RegExp(half, "g"), "\ufffd")
    .normalize("NFC");
}
