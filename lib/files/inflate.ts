import { gunzipSync, inflateRawSync } from "node:zlib";
import { DataError } from "./data-error.js";

/** Bytes that are unpacked at most where nothing says how many there should be: what one text of V8 can hold. */
const MOST_UNPACKED = 2 ** 29 - 24;

/**
 * Unpacks gzip. Memory is bounded: a thousand bytes of gzip can say a million, and a bomb built of them more than any machine
 * has.
 *
 * @param maxBytes  refused above
 * @throws DataError naming the source if it is no gzip, damaged, cut short or unpacks to more than `maxBytes`
 */
export function gunzip(bytes: Uint8Array, source: string, maxBytes = MOST_UNPACKED): Buffer {
  return unpack(() => gunzipSync(bytes, { maxOutputLength: maxBytes }), source, "gzip", maxBytes);
}

/** {@link gunzip} for the raw deflate of zip files. */
export function inflateRaw(bytes: Uint8Array, source: string, maxBytes = MOST_UNPACKED): Buffer {
  return unpack(
    () => inflateRawSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }),
    source,
    "deflate",
    maxBytes,
  );
}

function unpack(work: () => Buffer, source: string, kind: string, maxBytes: number): Buffer {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DataError(
      code === "ERR_BUFFER_TOO_LARGE"
        ? `${source}: must unpack to at most ${maxBytes.toLocaleString("en")} bytes, got more`
        : `${source}: must be whole and undamaged ${kind}, got: ${message}`,
    );
  }
}
