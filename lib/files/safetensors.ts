import { createHash } from "node:crypto";
import fs from "node:fs";
import { atomicWriteParts } from "./atomic-write.js";
import { DataError } from "./data-error.js";
import { emptyRecord } from "./own-entry.js";
import { UserError } from "./user-error.js";

/** A named array as stored. */
export interface StoredTensor {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** An array of float32 that is read piece by piece while it is written, without a copy of the whole. */
export interface TensorPieces {
  shape: number[];
  /** the numbers in order, the same at every call; a piece may be overwritten when the next one is asked for */
  pieces(): Iterable<Float32Array>;
}

/** What can be written. Whole numbers of a byte are read back as int32. */
export type WritableTensor = StoredTensor | TensorPieces | { shape: number[]; data: Int8Array | Uint8Array };

/** Bytes per value of each type that is read, and how values become float32 or int32. */
const DTYPES: Record<string, { size: number; decode(bytes: Uint8Array): Float32Array | Int32Array }> = {
  F32: { size: 4, decode: (bytes) => new Float32Array(bytes.buffer) },
  I32: { size: 4, decode: (bytes) => new Int32Array(bytes.buffer) },
  F64: { size: 8, decode: (bytes) => Float32Array.from(new Float64Array(bytes.buffer)) },
  F16: { size: 2, decode: (bytes) => Float32Array.from(new Uint16Array(bytes.buffer), halfToNumber) },
  BF16: { size: 2, decode: (bytes) => bfloatsToFloats(new Uint16Array(bytes.buffer)) },
  I64: { size: 8, decode: (bytes) => Int32Array.from(new BigInt64Array(bytes.buffer), Number) },
  I8: { size: 1, decode: (bytes) => Int32Array.from(new Int8Array(bytes.buffer)) },
  U8: { size: 1, decode: (bytes) => Int32Array.from(bytes) },
};
const CHECKSUM = "sha256";
const EMPTY_CHECKSUM = "0".repeat(64);
const CHUNK = 1 << 26;

/**
 * Writes named arrays in the safetensors layout (8-byte little-endian header length, JSON header, raw little-endian
 * data), whole or not at all. The header's `__metadata__` holds `sha256`: the hash of the header with that value
 * zeroed, followed by the data, so any changed byte is found on reading.
 *
 * @param file      path to create or replace
 * @param tensors   arrays by name; element count must be the product of the shape
 * @param metadata  strings kept beside them
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeTensorFile(
  file: string,
  tensors: Record<string, WritableTensor>,
  metadata: Record<string, string> = {},
): void {
  const header: Record<string, unknown> = { __metadata__: { ...metadata, [CHECKSUM]: EMPTY_CHECKSUM } };
  let offset = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const { shape } = tensor;
    const [dtype, size] = typeOf(tensor);
    const end = offset + shape.reduce((a, b) => a * b, 1) * size;
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const padded = text + " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const hash = createHash("sha256").update(padded);
  for (const bytes of allBytes(tensors)) hash.update(bytes);
  const sealed = padded.replace(`"${CHECKSUM}":"${EMPTY_CHECKSUM}"`, `"${CHECKSUM}":"${hash.digest("hex")}"`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(sealed)));
  atomicWriteParts(file, inOrder([length, Buffer.from(sealed)], allBytes(tensors)));
}

/**
 * Reads what {@link writeTensorFile} wrote and verifies its checksum.
 *
 * @param options.sealed  false also takes files of other programs, which have no checksum
 * @throws RangeError naming the file and what is wrong: missing, cut short, not this format, or a checksum mismatch
 */
export function readTensorFile(
  file: string,
  options: { sealed?: boolean } = {},
): {
  tensors: Record<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  let handle: number;
  try {
    handle = fs.openSync(file, "r");
  } catch (error) {
    throw new UserError(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`);
  }
  try {
    const size = fs.fstatSync(handle).size;
    const headerBytes = size >= 8 ? Number(readExactly(handle, 0, 8).readBigUInt64LE()) : 0;
    if (headerBytes < 2 || headerBytes > size - 8)
      throw new UserError(
        `${file}: must begin with a tensor header, got a file of ${size} bytes without one`,
      );
    const text = readExactly(handle, 8, headerBytes).toString("utf8");
    const { metadata, entries } = parseHeader(file, text);
    const { [CHECKSUM]: expected, ...rest } = metadata;
    if (expected === undefined && (options.sealed ?? true))
      throw new UserError(`${file}: header must hold ${CHECKSUM}, got none`);
    const hash = createHash("sha256").update(
      text.replace(`"${CHECKSUM}":"${expected}"`, `"${CHECKSUM}":"${EMPTY_CHECKSUM}"`),
    );
    const tensors: Record<string, StoredTensor> = emptyRecord();
    for (const [name, { dtype, shape, data_offsets }] of entries) {
      const start = 8 + headerBytes + data_offsets[0];
      const byteLength = data_offsets[1] - data_offsets[0];
      if (start + byteLength > size)
        throw new UserError(`${file}: is cut short at ${size} bytes, ${name} ends at ${start + byteLength}`);
      const bytes = new Uint8Array(byteLength);
      readInto(handle, start, bytes);
      hash.update(bytes);
      const data = DTYPES[dtype]!.decode(bytes);
      if (data.length !== shape.reduce((a, b) => a * b, 1))
        throw new UserError(
          `${file}: ${name} must have as many values as its shape [${shape}], got ${data.length}`,
        );
      tensors[name] = { shape, data };
    }
    const actual = hash.digest("hex");
    if (expected !== undefined && actual !== expected)
      throw new UserError(
        `${file}: is damaged, its ${CHECKSUM} must be ${expected.slice(0, 12)}…, got ${actual.slice(0, 12)}…`,
      );
    return { tensors, metadata: rest };
  } finally {
    fs.closeSync(handle);
  }
}

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

function parseHeader(
  file: string,
  text: string,
): { metadata: Record<string, string>; entries: [string, HeaderEntry][] } {
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text);
  } catch {
    throw new UserError(`${file}: header must be JSON, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  if (header === null || typeof header !== "object" || Array.isArray(header))
    throw new DataError(`${file}: header must hold tensors by name, got ${JSON.stringify(header)}`);
  const entries: [string, HeaderEntry][] = [];
  let before: [string, number] = ["", 0];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    checkEntry(file, name, entry);
    entries.push([name, entry]);
  }
  const inOrder = [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  for (const [name, { data_offsets: offsets }] of inOrder) {
    if (offsets[0] < before[1])
      throw new DataError(`${file}: tensors must not overlap, got ${before[0]} and ${name}`);
    if (offsets[1] > offsets[0]) before = [name, offsets[1]];
  }
  return { metadata: (header["__metadata__"] ?? {}) as Record<string, string>, entries };
}

/** @throws DataError for what no tensor's entry is: files come from other programs, and from damage */
function checkEntry(file: string, name: string, entry: unknown): asserts entry is HeaderEntry {
  const fail = (rule: string, got: unknown) =>
    new DataError(`${file}: ${name} must have ${rule}, got ${JSON.stringify(got) ?? "none"}`);
  if (entry === null || typeof entry !== "object") throw fail("dtype, shape and data_offsets", entry);
  const { dtype, shape, data_offsets: offsets } = entry as Partial<Record<keyof HeaderEntry, unknown>>;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype))
    throw new DataError(`${file}: ${name} must be of type ${Object.keys(DTYPES).join(" or ")}, got ${dtype}`);
  const isSize = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) throw fail("a shape of whole numbers", shape);
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isSize) ||
    (offsets[0] as number) > (offsets[1] as number)
  )
    throw fail("data_offsets of two whole numbers, the first no larger", offsets);
  const bytes = (offsets[1] as number) - (offsets[0] as number);
  const wanted = (shape as number[]).reduce((a, b) => a * b, DTYPES[dtype]!.size);
  if (bytes !== wanted) throw fail(`${wanted} bytes for its shape and type`, bytes);
}

/** IEEE half precision → number. */
function halfToNumber(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -size : size;
}

function bfloatsToFloats(upper: Uint16Array): Float32Array {
  const bits = new Uint32Array(upper.length);
  for (let i = 0; i < upper.length; i++) bits[i] = upper[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** The header's name for a tensor's type, and bytes per value. */
function typeOf(tensor: WritableTensor): [string, number] {
  if (!("data" in tensor)) return ["F32", 4];
  if (tensor.data instanceof Int8Array) return ["I8", 1];
  if (tensor.data instanceof Uint8Array) return ["U8", 1];
  return [tensor.data instanceof Int32Array ? "I32" : "F32", 4];
}

/** The data of all tensors. @throws RangeError for one with another number of values than its shape says */
function* allBytes(tensors: Record<string, WritableTensor>): Generator<Uint8Array> {
  for (const [name, tensor] of Object.entries(tensors)) {
    let values = 0;
    for (const data of "data" in tensor ? [tensor.data] : tensor.pieces()) {
      values += data.length;
      yield bytesOf(data);
    }
    const count = tensor.shape.reduce((a, b) => a * b, 1);
    if (count !== values)
      throw new UserError(
        `writeTensorFile: ${name} must have ${count} values for shape [${tensor.shape}], got ${values}`,
      );
  }
}

function* inOrder(first: Iterable<Uint8Array>, second: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const part of first) yield part;
  for (const part of second) yield part;
}

function bytesOf(data: Float32Array | Int32Array | Int8Array | Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function readExactly(handle: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readInto(handle, position, bytes);
  return bytes;
}

/** readSync may return less than asked; fill the whole of `bytes`. */
function readInto(handle: number, position: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.byteLength) {
    const count = fs.readSync(handle, bytes, done, Math.min(CHUNK, bytes.byteLength - done), position + done);
    if (count === 0) throw new DataError(`file must be whole, ends at byte ${position + done}`);
    done += count;
  }
}
