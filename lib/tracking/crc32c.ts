const TABLE = makeTable();

/**
 * CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and final xor 0xFFFFFFFF.
 *
 * @returns unsigned 32-bit number; 0 for no bytes
 * @see RFC 3720, appendix B.4 (examples)
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * The form in which TFRecord files store a checksum, so that a checksum of data that contains checksums stays
 * useful: rotated right by 15 bits, plus 0xA282EAD8 (mod 2³²).
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}
