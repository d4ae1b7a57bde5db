import { gzipSync } from "node:zlib";
import type { Payload } from "../../browser/payload.js";

/** Characters of a payload in a page: base64 of its compressed bytes. */
export function packedPayload(payload: Payload, bytes: Uint8Array): { header: string; numbers: string } {
  const pack = (content: Uint8Array | string) => gzipSync(content, { level: 9 }).toString("base64");
  return { header: pack(JSON.stringify(payload)), numbers: pack(bytes) };
}

/** Bytes that a payload adds to a page. */
export function payloadSize(payload: Payload, bytes: Uint8Array): number {
  const { header, numbers } = packedPayload(payload, bytes);
  return header.length + numbers.length;
}
