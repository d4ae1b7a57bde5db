import { crc32 } from "node:zlib";
import { DataError } from "./data-error.js";
import { inflateRaw } from "./inflate.js";
import { type NpyArray, npyBytes, readNpy } from "./npy.js";
import { emptyRecord } from "./own-entry.js";
import { UserError } from "./user-error.js";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/**
 * Reads the arrays of a .npz file (a zip of .npy files, stored or deflated), by name without ".npy".
 *
 * @throws DataError naming the source if it is no such file, or damaged
 */
export function readNpz(bytes: Uint8Array, source: string): Record<string, NpyArray> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const arrays: Record<string, NpyArray> = emptyRecord();
  try {
    const end = buffer.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
    if (end < 0) throw new UserError("no zip directory");
    const count = buffer.readUInt16LE(end + 10);
    let at = buffer.readUInt32LE(end + 16);
    for (let i = 0; i < count; i++) {
      if (buffer.readUInt32LE(at) !== CENTRAL) throw new UserError("a damaged zip directory");
      const method = buffer.readUInt16LE(at + 10);
      const size = buffer.readUInt32LE(at + 20);
      const nameLength = buffer.readUInt16LE(at + 28);
      const skip = buffer.readUInt16LE(at + 30) + buffer.readUInt16LE(at + 32);
      const local = buffer.readUInt32LE(at + 42);
      const name = buffer.toString("utf8", at + 46, at + 46 + nameLength);
      const from = local + 30 + buffer.readUInt16LE(local + 26) + buffer.readUInt16LE(local + 28);
      const packed = buffer.subarray(from, from + size);
      if (method !== 0 && method !== 8) throw new UserError(`zip method ${method}`);
      const content =
        method === 0 ? packed : inflateRaw(packed, `${source}:${name}`, buffer.readUInt32LE(at + 24));
      if (crc32(content) !== buffer.readUInt32LE(at + 16)) throw new UserError("a wrong checksum");
      arrays[name.replace(/\.npy$/, "")] = readNpy(content, `${source}:${name}`);
      at += 46 + nameLength + skip;
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${source}: must be a whole .npz file, got: ${(error as Error).message}`);
  }
  return arrays;
}

/** Arrays as an uncompressed .npz file with fixed dates, so that equal arrays give equal bytes. */
export function npzBytes(
  arrays: Readonly<Record<string, { data: Float32Array | Int32Array; shape: readonly number[] }>>,
): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [key, { data, shape }] of Object.entries(arrays)) {
    const name = Buffer.from(`${key}.npy`, "utf8");
    const content = npyBytes(data, shape);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x21, 8); // 1980-01-01
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(content.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(signature(CENTRAL), Buffer.from([20, 0]), fields, tail, name);
    const local = Buffer.concat([signature(LOCAL), fields, name, content]);
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(locals.length, 4);
  end.writeUInt16LE(locals.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, signature(END), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
