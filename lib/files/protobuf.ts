import { UserError } from "./user-error.js";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Writes messages in the protocol-buffer wire format. Fields go out in the order of the calls; call in ascending
 * field numbers to get the bytes that other implementations write. Absent means absent: nothing is left out for
 * being a default value.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  /** int32, int64, uint32, uint64, bool or enum. @param value whole, |value| < 2⁵³; negative as two's complement */
  integer(field: number, value: number): this {
    if (!Number.isSafeInteger(value))
      throw new UserError(`ProtobufWriter: integer must be whole, got ${value}`);
    return this.key(field, VARINT).push(varint(value));
  }

  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.key(field, FIXED64).push(bytes);
  }

  /** Rounds to single precision; NaN and infinities are written as such. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.key(field, FIXED32).push(bytes);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Takes the bytes without a copy, until {@link finish}. */
  bytes(field: number, value: Uint8Array): this {
    return this.key(field, LENGTH_DELIMITED).push(varint(value.length)).push(value);
  }

  /** A message inside this one, written already or by `inner`; may be empty. */
  message(field: number, inner: ProtobufWriter | ((inner: ProtobufWriter) => void)): this {
    const written = inner instanceof ProtobufWriter ? inner : new ProtobufWriter();
    if (typeof inner === "function") inner(written);
    this.key(field, LENGTH_DELIMITED).push(varint(written.size));
    for (const part of written.parts) this.push(part);
    return this;
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private key(field: number, wireType: number): this {
    return this.push(varint(field * 8 + wireType));
  }

  private push(part: Uint8Array): this {
    this.parts.push(part);
    this.size += part.length;
    return this;
  }
}

/** Base 128, lowest group first, high bit set on all but the last. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
