import { isUtf8 } from "node:buffer";
import { closeSync, openSync, readSync } from "node:fs";
import { describeFileError } from "./data-error.js";

export interface Line {
  /** From 1. */
  number: number;
  /** Without its line break; null if it cannot be used. */
  text: string | null;
  /** Why `text` is null. */
  problem: string;
}

export interface LineOptions {
  /** Longer lines are passed over. Default 64 MiB. */
  maxLineBytes?: number;
  /** Default "utf8". In Latin-1 every byte is a character. */
  encoding?: "utf8" | "latin1";
}

const newline = 10;
const carriageReturn = 13;

/**
 * The lines of a text file, read a chunk at a time: memory is one chunk and the longest line, and a line longer than
 * `maxLineBytes` is skipped without being held. A byte-order mark is dropped, `\r\n` is a line break, a last line
 * needs none.
 *
 * @throws DataError if the file cannot be opened or read
 */
export function* readLines(
  file: string,
  { maxLineBytes = 64 * 2 ** 20, encoding = "utf8" }: LineOptions = {},
): Generator<Line> {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw describeFileError(file, error);
  }
  try {
    const chunk = Buffer.allocUnsafe(2 ** 20);
    let number = 0;
    let held: Buffer[] = [];
    let heldBytes = 0;
    const take = (last: Buffer): Line => {
      number++;
      const bytes = held.length === 0 ? last : Buffer.concat([...held, last]);
      const length = heldBytes + last.length;
      held = [];
      heldBytes = 0;
      return length > maxLineBytes ? tooLong(number, length, maxLineBytes) : decode(number, bytes, encoding);
    };
    for (;;) {
      const size = readChunk(file, handle, chunk);
      if (size === 0) break;
      let start = 0;
      for (;;) {
        const end = chunk.subarray(0, size).indexOf(newline, start);
        if (end === -1) break;
        yield take(chunk.subarray(start, end));
        start = end + 1;
      }
      if (start < size) {
        // What is over the limit is counted but not kept.
        if (heldBytes <= maxLineBytes) held.push(Buffer.from(chunk.subarray(start, size)));
        else held = [];
        heldBytes += size - start;
      }
    }
    if (heldBytes > 0) yield take(chunk.subarray(0, 0));
  } finally {
    closeSync(handle);
  }
}

function readChunk(file: string, handle: number, chunk: Buffer): number {
  try {
    return readSync(handle, chunk, 0, chunk.length, null);
  } catch (error) {
    throw describeFileError(file, error);
  }
}

function tooLong(number: number, length: number, maxLineBytes: number): Line {
  return { number, text: null, problem: `line must have at most ${maxLineBytes} bytes, got ${length}` };
}

function decode(number: number, bytes: Buffer, encoding: "utf8" | "latin1"): Line {
  const end =
    bytes.length > 0 && bytes[bytes.length - 1] === carriageReturn ? bytes.length - 1 : bytes.length;
  let text = bytes.toString(encoding, 0, end);
  if (encoding === "utf8" && text.includes("\ufffd") && !isUtf8(bytes))
    return { number, text: null, problem: "line must be UTF-8, got other bytes" };
  if (number === 1 && text.startsWith("\ufeff")) text = text.slice(1);
  return { number, text, problem: "" };
}
