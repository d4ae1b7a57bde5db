import { DataError } from "../../files/data-error.js";

/** Little-endian float32 values in base64. */
export function encodeFloat32(values: ArrayLike<number>): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i]!, i * 4);
  return bytes.toString("base64");
}

/** Little-endian int64 values in base64. */
export function encodeInt64(values: ArrayLike<number>): string {
  const bytes = Buffer.alloc(values.length * 8);
  for (let i = 0; i < values.length; i++) bytes.writeBigInt64LE(BigInt(values[i]!), i * 8);
  return bytes.toString("base64");
}

/** @throws DataError naming `source` unless the text is base64 of whole float32 values, `count` of them if given */
export function decodeFloat32(text: string, source: string, count?: number): Float32Array {
  const bytes = decode(text, source, 4, count);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

/** @throws DataError as {@link decodeFloat32}, for int64 */
export function decodeInt64(text: string, source: string, count?: number): number[] {
  const bytes = decode(text, source, 8, count);
  return Array.from({ length: bytes.length / 8 }, (_, i) => {
    const value = Number(bytes.readBigInt64LE(i * 8));
    if (!Number.isSafeInteger(value))
      throw new DataError(`${source}: must be within ±2^53, got ${bytes.readBigInt64LE(i * 8)}`);
    return value;
  });
}

function decode(text: string, source: string, size: number, count: number | undefined): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new DataError(`${source}: must be base64, got ${JSON.stringify(text.slice(0, 40))}`);
  const bytes = Buffer.from(text, "base64");
  const wanted = count === undefined ? null : count * size;
  if (bytes.length % size !== 0 || (wanted !== null && bytes.length !== wanted))
    throw new DataError(
      `${source}: must hold ${wanted === null ? `a multiple of ${size}` : wanted} bytes, got ${bytes.length}`,
    );
  return bytes;
}
