import { DataError } from "./data-error.js";

const BLOCK = 512;

/**
 * The regular files of a tar archive (ustar, with GNU or pax long names), by path. Links, devices and folders are passed
 * over.
 *
 * @throws DataError naming the source if the archive is cut short, or a header's checksum or size is wrong
 */
export function readTar(archive: Uint8Array, source: string): Map<string, Uint8Array> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const files = new Map<string, Uint8Array>();
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (checksum(header) !== octal(header, 148, 8))
      throw new DataError(`${source}: tar header at byte ${at} must have its checksum, got another`);
    const size = octal(header, 124, 12);
    if (!(size >= 0))
      throw new DataError(
        `${source}: tar header at byte ${at} must have a size, got "${text(header, 124, 12).trim()}"`,
      );
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new DataError(`${source}: archive must be whole, ends inside a file`);
    const type = String.fromCharCode(header[156]!);
    const prefix = header.toString("latin1", 257, 262) === "ustar" ? text(header, 345, 155) : "";
    const name: string =
      longName ?? (prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
    longName = null;
    if (type === "L") longName = text(content, 0, size);
    else if (type === "x") longName = /\d+ path=([^\n]*)\n/.exec(content.toString("utf8"))?.[1] ?? null;
    else if (type === "0" || type === "\0") files.set(name.replace(/^\.\//, ""), content);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i]!;
  return sum;
}

function octal(header: Buffer, from: number, length: number): number {
  const digits = text(header, from, length).trim() || "0";
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

function text(bytes: Buffer, from: number, length: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString("utf8", from, end < 0 || end > from + length ? from + length : end);
}
