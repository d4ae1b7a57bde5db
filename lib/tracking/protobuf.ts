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

  /** int32, int64, uint32, uint64, bool or enum. @param value whole, |value| < 2⁵³; negative as two's complement */
  integer(field: number, value: number): this {
    if (!Number.isSafeInteger(value))
      throw new RangeError(`ProtobufWriter: integer must be whole, got ${value}`);
    this.key(field, VARINT);
    this.parts.push(varint(value));
    return this;
  }

  double(field: number, value: number): this {
    this.key(field, FIXED64);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.parts.push(bytes);
    return this;
  }

  /** Rounds to single precision; NaN and infinities are written as such. */
  float(field: number, value: number): this {
    this.key(field, FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.parts.push(bytes);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.key(field, LENGTH_DELIMITED);
    this.parts.push(varint(value.length), value);
    return this;
  }

  /** A message inside this one; may be empty. */
  message(field: number, write: (inner: ProtobufWriter) => void): this {
    const inner = new ProtobufWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private key(field: number, wireType: number): void {
    this.parts.push(varint(field * 8 + wireType));
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
