const encoder = new TextEncoder();

/**
 * Writes messages in protocol buffers' wire format: only what ONNX files need (varints, floats, strings, bytes and
 * messages inside messages).
 *
 * @see https://protobuf.dev/programming-guides/encoding
 */
export class ProtobufMessage {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  /** int64 or enum: an integer ≥ −2^53, negative ones as two's complement of 64 bits */
  integer(field: number, value: number): this {
    return this.push(varint(field * 8)).push(varint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.push(varint(field * 8 + 5)).push(bytes);
  }

  string(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** Takes the bytes as they are, without a copy, until {@link toBytes}. */
  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(field * 8 + 2))
      .push(varint(value.length))
      .push(value);
  }

  message(field: number, value: ProtobufMessage): this {
    this.push(varint(field * 8 + 2)).push(varint(value.size));
    for (const part of value.parts) this.push(part);
    return this;
  }

  toBytes(): Uint8Array {
    const out = new Uint8Array(this.size);
    let offset = 0;
    for (const part of this.parts) {
      out.set(part, offset);
      offset += part.length;
    }
    return out;
  }

  private push(part: Uint8Array): this {
    this.parts.push(part);
    this.size += part.length;
    return this;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
