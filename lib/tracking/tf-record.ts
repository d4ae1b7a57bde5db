import { UserError } from "../files/user-error.js";
import { maskedCrc32c } from "./crc32c.js";

/**
 * One record of a TFRecord file: length (uint64), its masked CRC-32C (uint32), the data, the data's masked CRC-32C
 * (uint32), all little-endian. A file is records one after the other; a reader stops at a torn last one.
 *
 * @param data  not changed
 * @returns data.length + 16 bytes
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/**
 * The records of a TFRecord file, in order, as far as they are whole.
 *
 * @returns the data of each record (views into the file), and how many bytes at the end belong to a torn record
 * @throws RangeError at a record whose checksum does not fit
 */
export function readTfRecords(file: Uint8Array): { records: Uint8Array[]; tornBytes: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  while (file.length - at >= 12) {
    if (view.getUint32(at + 8, true) !== maskedCrc32c(file.subarray(at, at + 8)))
      throw new UserError(
        `readTfRecords: record ${records.length} must have the checksum of its length, byte ${at}`,
      );
    const length = Number(view.getBigUint64(at, true));
    if (file.length - at < 16 + length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== maskedCrc32c(data))
      throw new UserError(
        `readTfRecords: record ${records.length} must have the checksum of its data, byte ${at}`,
      );
    records.push(data);
    at += 16 + length;
  }
  return { records, tornBytes: file.length - at };
}
