import fs from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { makeFolder } from "../../files/make-folder.js";
import { UserError } from "../../files/user-error.js";

const KEY_BYTES = 32;
const CHECK_BYTES = 4;

/**
 * A file of equally long records by SHA-256 key, only ever appended to: decoded pictures or extracted features.
 * A record is key, payload and CRC-32 of both; one cut short or damaged is left out on reading, so it is made again.
 */
export class RecordPack {
  private readonly records = new Map<string, Uint8Array>();
  private pending: { key: string; payload: Uint8Array }[] = [];

  /** @param payloadBytes length of each record's content; another length means another file */
  constructor(
    readonly file: string,
    readonly payloadBytes: number,
  ) {
    if (fs.existsSync(file)) this.read();
  }

  get size(): number {
    return this.records.size;
  }

  /** @param key SHA-256 in hexadecimal */
  get(key: string): Uint8Array | undefined {
    return this.records.get(key);
  }

  /** Keeps a record; it reaches the file with {@link flush}. */
  add(key: string, payload: Uint8Array): void {
    if (payload.length !== this.payloadBytes)
      throw new UserError(
        `RecordPack.add: payload must have ${this.payloadBytes} bytes, got ${payload.length}`,
      );
    if (this.records.has(key)) return;
    this.records.set(key, payload);
    this.pending.push({ key, payload });
  }

  /** Appends what is new. A tail that an earlier, interrupted append left incomplete is cut off first. */
  flush(): void {
    if (this.pending.length === 0) return;
    makeFolder(path.dirname(this.file));
    const length = KEY_BYTES + this.payloadBytes + CHECK_BYTES;
    const out = Buffer.alloc(this.pending.length * length);
    this.pending.forEach(({ key, payload }, i) => {
      const at = i * length;
      out.write(key, at, "hex");
      out.set(payload, at + KEY_BYTES);
      out.writeUInt32LE(crc32(out.subarray(at, at + length - CHECK_BYTES)), at + length - CHECK_BYTES);
    });
    const bytes = fs.statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes % length !== 0) fs.truncateSync(this.file, bytes - (bytes % length));
    fs.appendFileSync(this.file, out);
    this.pending = [];
  }

  private read(): void {
    const content = fs.readFileSync(this.file);
    const length = KEY_BYTES + this.payloadBytes + CHECK_BYTES;
    for (let at = 0; at + length <= content.length; at += length) {
      const check = content.readUInt32LE(at + length - CHECK_BYTES);
      if (crc32(content.subarray(at, at + length - CHECK_BYTES)) !== check) continue;
      const key = content.toString("hex", at, at + KEY_BYTES);
      this.records.set(key, content.subarray(at + KEY_BYTES, at + length - CHECK_BYTES));
    }
  }
}
