import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

/**
 * The string literals in the printed form of a Python list or NumPy array of strings, in order. What lies between them
 * (brackets, commas, blanks, line breaks) is passed over.
 *
 * @throws RangeError if a literal is not closed or has an unknown escape
 */
export function pythonStrings(text: string): string[] {
  const strings: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const quote = text[at]!;
    if (quote !== "'" && quote !== '"') continue;
    const { value, end } = readLiteral(text, at + 1, quote);
    strings.push(value);
    at = end;
  }
  return strings;
}

function readLiteral(text: string, from: number, quote: string): { value: string; end: number } {
  let value = "";
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === quote) return { value, end: at };
    if (character !== "\\") {
      value += character;
      continue;
    }
    const kind = text[++at] ?? "";
    const digits = kind === "x" ? 2 : kind === "u" ? 4 : kind === "U" ? 8 : 0;
    if (digits > 0) {
      const hex = text.slice(at + 1, at + 1 + digits);
      if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length !== digits)
        throw new UserError(
          `pythonStrings: \\${kind} must be followed by ${digits} hexadecimal digits, got "${hex}"`,
        );
      value += String.fromCodePoint(Number.parseInt(hex, 16));
      at += digits;
      continue;
    }
    const escaped = ownEntry(escapes, kind);
    if (escaped === undefined) throw new UserError(`pythonStrings: unknown escape "\\${kind}"`);
    value += escaped;
  }
  throw new UserError(
    `pythonStrings: literal must be closed with ${quote}, got "${text.slice(from, from + 20)}…"`,
  );
}
