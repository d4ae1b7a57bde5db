/** Characters that windows-1252 gives the bytes 80 to 9F; the five it leaves open stand for themselves. */
const windows = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

const byteOf = new Map<string, number>();
for (let byte = 0xa0; byte <= 0xff; byte++) byteOf.set(String.fromCharCode(byte), byte);
for (const [i, character] of Array.from(windows).entries()) {
  byteOf.set(character, 0x80 + i);
  byteOf.set(String.fromCharCode(0x80 + i), 0x80 + i); // read as Latin-1
}

const decoder = new TextDecoder("utf-8", { fatal: true });
/** First bytes of two-byte sequences that occur: Latin, Greek, Cyrillic. Others would catch honest text ("É»"). */
const pairLeads = new Set([0xc2, 0xc3, 0xc4, 0xc5, 0xce, 0xcf, 0xd0, 0xd1]);
const suspicious = /[\u00c2-\u00f4]/;

/**
 * Puts text right whose UTF-8 bytes were once read as windows-1252 or Latin-1: "donâ€™t" → "don’t", "cafÃ©" → "café".
 * Text damaged twice is repaired twice.
 *
 * Works sequence by sequence, so damaged and sound passages may stand beside each other. A sequence of two characters is
 * touched only if it would become Latin, Greek or Cyrillic. Honest text that spells out such a sequence ("Ã©" in a text
 * about encodings) is changed too.
 *
 * @returns the text, and how many sequences were replaced
 */
export function repairText(text: string): { text: string; repaired: number } {
  let repaired = 0;
  let now = text;
  for (let pass = 0; pass < 3 && suspicious.test(now); pass++) {
    const { text: next, count } = repairOnce(now);
    if (count === 0) break;
    now = next;
    repaired += count;
  }
  return { text: now, repaired };
}

function repairOnce(text: string): { text: string; count: number } {
  let out = "";
  let count = 0;
  for (let i = 0; i < text.length; ) {
    const found = sequenceAt(text, i);
    if (found === null) out += text[i++];
    else {
      out += found.character;
      i += found.length;
      count++;
    }
  }
  return { text: out, count };
}

function sequenceAt(text: string, at: number): { character: string; length: number } | null {
  const lead = byteOf.get(text[at]!);
  if (lead === undefined || lead < 0xc2 || lead > 0xf4) return null;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (length === 2 && !pairLeads.has(lead)) return null;
  const bytes = new Uint8Array(length);
  bytes[0] = lead;
  for (let i = 1; i < length; i++) {
    const byte = byteOf.get(text[at + i] ?? "");
    if (byte === undefined || byte > 0xbf) return null;
    bytes[i] = byte;
  }
  try {
    return { character: decoder.decode(bytes), length };
  } catch {
    return null; // not UTF-8 (surrogates, overlong forms)
  }
}
