import { UserError } from "./user-error.js";

/** One field of a message: its number, its value (bytes, or the digits of an integer), and the bytes that it is written in. */
export interface ProtobufField {
  field: number;
  /** of length-delimited fields */
  bytes: Uint8Array;
  /** of varint fields, else 0 */
  integer: number;
  /** key, length and value as they stand in the message */
  raw: Uint8Array;
}

/**
 * The fields of a message in the protocol-buffer wire format, in the order in which they stand.
 *
 * @throws UserError for bytes that are none
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++];
      if (byte === undefined || shift > 63)
        throw new UserError("protobuf: message must be whole, got a part of one");
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const start = at;
    const key = varint();
    const [field, wire] = [Math.floor(key / 8), key % 8];
    let bytes = message.subarray(at, at);
    let integer = 0;
    if (wire === 0) integer = varint();
    else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : -1;
      if (length < 0 || at + length > message.length)
        throw new UserError(
          `protobuf: fields must be varints, bytes or fixed numbers, got wire type ${wire}`,
        );
      bytes = message.subarray(at, at + length);
      at += length;
    }
    yield { field, bytes, integer, raw: message.subarray(start, at) };
  }
}
