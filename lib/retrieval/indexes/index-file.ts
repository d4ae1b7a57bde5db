import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { atomicWriteParts } from "../../files/atomic-write.js";
import { UserError } from "../../files/user-error.js";

/**
 * Layout of every index file (little-endian): the sections, each padded with zeros to 64 bytes; a footer in JSON
 * (kind, header, where the sections lie); then a trailer of 48 bytes: footer length u32, format version u32, SHA-256 of
 * everything before it (footer length and version included), "QDRLIDX\n". Sections come first so that a library that
 * reads or maps a file from its start (HNSW) finds its own data there.
 */
const MAGIC = "QDRLIDX\n";
const VERSION = 1;
const TRAILER = 48;
const CHUNK = 2 ** 22;

interface Footer {
  kind: string;
  header: Record<string, unknown>;
  sections: Record<string, { offset: number; length: number }>;
}

export interface IndexContent {
  kind: string;
  /** plain JSON values */
  header: Record<string, unknown>;
  /** each section in one or more pieces */
  sections: Record<string, Iterable<Uint8Array>>;
}

/** Writes an index file, whole or not at all. @returns its size in bytes */
export function writeIndexFile(filePath: string, content: IndexContent): number {
  let size = 0;
  atomicWriteParts(filePath, pieces());
  return size;

  function* pieces(): Generator<Uint8Array> {
    const hash = createHash("sha256");
    const out = (bytes: Uint8Array): Uint8Array => {
      hash.update(bytes);
      size += bytes.length;
      return bytes;
    };
    const footer: Footer = { kind: content.kind, header: content.header, sections: {} };
    for (const [name, parts] of Object.entries(content.sections)) {
      const offset = size;
      for (const part of parts)
        for (let at = 0; at < part.length; at += CHUNK) yield out(unshared(part.subarray(at, at + CHUNK)));
      footer.sections[name] = { offset, length: size - offset };
      yield out(new Uint8Array((64 - (size % 64)) % 64));
    }
    const text = Buffer.from(JSON.stringify(footer), "utf8");
    yield out(text);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(text.length, 0);
    lengths.writeUInt32LE(VERSION, 4);
    yield out(lengths);
    const end = Buffer.concat([hash.digest(), Buffer.from(MAGIC, "latin1")]);
    size += end.length;
    yield end;
  }
}

/** Hashing and writing want memory that no other thread shares. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

export interface IndexFile {
  path: string;
  kind: string;
  header: Record<string, unknown>;
  /** Size of the file in bytes. */
  bytes: number;
  /** One section as bytes of its own. */
  section(name: string): Uint8Array;
  /**
   * Reads one section into place, piece by piece.
   *
   * @param target  where bytes [from, from + length) of the section go: a view of at least 1 and at most length bytes
   */
  read(name: string, target: (from: number, length: number) => Uint8Array): void;
}

/**
 * Opens an index file and verifies all of it against its checksum.
 *
 * @param kind  the kind it must be, or null for any
 * @throws UserError naming the file and what is wrong with it: missing, foreign, cut short, of another version, damaged, or
 *   of another kind
 */
export function openIndexFile(filePath: string, kind: string | null = null): IndexFile {
  const fail = (reason: string) => new UserError(`${filePath}: ${reason}`);
  let file: number;
  try {
    file = openSync(filePath, "r");
  } catch (error) {
    throw fail(`cannot be opened: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw fail("is not a file");
    const { size } = stat;
    if (size < TRAILER)
      throw fail(`is not an index file of this workspace, or cut short: it has ${size} bytes`);
    const trailer = readAt(file, size - TRAILER, TRAILER);
    if (trailer.toString("latin1", 40) !== MAGIC)
      throw fail("is not an index file of this workspace, or cut short: it does not end with its mark");
    const version = trailer.readUInt32LE(4);
    if (version !== VERSION) throw fail(`has format version ${version}; this code reads version ${VERSION}`);
    if (!digest(file, size - 40).equals(trailer.subarray(8, 40)))
      throw fail("is damaged: its checksum does not match its content");
    const length = trailer.readUInt32LE(0);
    const footer = JSON.parse(readAt(file, size - TRAILER - length, length).toString("utf8")) as Footer;
    if (kind !== null && footer.kind !== kind)
      throw fail(`holds an index of kind "${footer.kind}", not "${kind}"`);
    return {
      path: filePath,
      kind: footer.kind,
      header: footer.header,
      bytes: size,
      section(name) {
        const bytes = new Uint8Array(footer.sections[name]!.length);
        readSection(filePath, footer.sections[name]!, (from) => bytes.subarray(from));
        return bytes;
      },
      read: (name, target) => readSection(filePath, footer.sections[name]!, target),
    };
  } finally {
    closeSync(file);
  }
}

function readSection(
  filePath: string,
  section: { offset: number; length: number },
  target: (from: number, length: number) => Uint8Array,
): void {
  const file = openSync(filePath, "r");
  try {
    for (let from = 0; from < section.length; ) {
      const into = target(from, section.length - from);
      for (let at = 0; at < into.length; at += CHUNK) {
        const n = Math.min(CHUNK, into.length - at);
        into.set(readAt(file, section.offset + from + at, n), at);
      }
      from += into.length;
    }
  } finally {
    closeSync(file);
  }
}

function digest(file: number, end: number): Buffer {
  const hash = createHash("sha256");
  for (let at = 0; at < end; at += CHUNK) hash.update(readAt(file, at, Math.min(CHUNK, end - at)));
  return hash.digest();
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const n = readSync(file, bytes, done, length - done, position + done);
    if (n === 0) throw new UserError(`index file ends at byte ${position + done}, before what it announces`);
    done += n;
  }
  return bytes;
}
