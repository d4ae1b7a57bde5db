import { DataError } from "./data-error.js";
import { ownEntry } from "./own-entry.js";
import { UserError } from "./user-error.js";

/** An array as NumPy stores it; int64 values are read as numbers. */
export interface NpyArray {
  shape: number[];
  data: Float32Array | Int32Array | Float64Array;
}

const MAGIC = Buffer.from("\x93NUMPY", "latin1");
const types: Record<string, { bytes: number; read: (view: DataView, at: number) => number }> = {
  "<f4": { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  "<f8": { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  "<i4": { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  "<i8": { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/**
 * Reads a .npy array: versions 1 and 2, C order, little-endian float32, float64, int32 or int64.
 *
 * @returns float32 as Float32Array, int32 as Int32Array, the other types as Float64Array
 * @throws DataError naming the source for anything else
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(bytes: Uint8Array, source: string): NpyArray {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 10 || !buffer.subarray(0, 6).equals(MAGIC))
    throw new DataError(`${source}: must be a .npy array, got other bytes`);
  const long = buffer[6]! >= 2;
  const from = long ? 12 : 10;
  const start = from + (long ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8));
  const header = buffer.toString("latin1", from, start);
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const known = ownEntry(types, type);
  if (known === undefined || /'fortran_order':\s*True/.test(header))
    throw new DataError(
      `${source}: array must be C-ordered ${Object.keys(types).join(", ")}, got ${header.trim()}`,
    );
  const count = shape.reduce((a, b) => a * b, 1);
  if (buffer.length - start !== count * known.bytes)
    throw new DataError(
      `${source}: array [${shape.join(", ")}] must have ${count * known.bytes} bytes, got ${buffer.length - start}`,
    );
  const data =
    type === "<f4"
      ? new Float32Array(count)
      : type === "<i4"
        ? new Int32Array(count)
        : new Float64Array(count);
  const view = new DataView(buffer.buffer, buffer.byteOffset + start, buffer.length - start);
  for (let i = 0; i < count; i++) data[i] = known.read(view, i * known.bytes);
  return { shape, data };
}

/** A float32 or int32 array in .npy format, version 1. */
export function npyBytes(data: Float32Array | Int32Array, shape: readonly number[]): Uint8Array {
  const count = shape.reduce((a, b) => a * b, 1);
  if (data.length !== count)
    throw new UserError(`npyBytes: [${shape.join(", ")}] must have ${count} entries, got ${data.length}`);
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const type = data instanceof Float32Array ? "<f4" : "<i4";
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${list}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10);
  MAGIC.copy(head);
  head[6] = 1;
  head.writeUInt16LE(length, 8);
  const body = Buffer.alloc(count * 4);
  for (let i = 0; i < count; i++)
    if (type === "<f4") body.writeFloatLE(data[i]!, i * 4);
    else body.writeInt32LE(data[i]!, i * 4);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`, "latin1"), body]);
}
