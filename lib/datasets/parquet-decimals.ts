import { type FileMetaData, parquetSchema } from "hyparquet";

/**
 * A file's metadata with its DECIMAL columns declared as what they are stored in, and their scales by name: the parser would
 * make doubles of them, in which ids of more than fifteen digits run together.
 *
 * Bytes are declared as GEOMETRY, the one type of bytes that is handed to a parser of the caller's and nothing else here:
 * {@link rawBytes}.
 */
export function withoutDecimals(metadata: FileMetaData): {
  metadata: FileMetaData;
  scales: ReadonlyMap<string, number>;
} {
  const scales = new Map<string, number>();
  const columns = new Set(parquetSchema(metadata).children.map((child) => child.element));
  const schema = metadata.schema.map((element) => {
    const { converted_type: converted, logical_type: logical, ...plain } = element;
    if (!columns.has(element) || (converted !== "DECIMAL" && logical?.type !== "DECIMAL")) return element;
    scales.set(element.name, element.scale ?? (logical?.type === "DECIMAL" ? logical.scale : 0));
    const isBytes = element.type === "BYTE_ARRAY" || element.type === "FIXED_LEN_BYTE_ARRAY";
    return isBytes ? { ...plain, logical_type: { type: "GEOMETRY" as const } } : plain;
  });
  return { metadata: scales.size === 0 ? metadata : { ...metadata, schema }, scales };
}

/** The parser of {@link withoutDecimals}' bytes. */
export function rawBytes(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes;
}

/**
 * A decimal digit by digit: unscaled · 10^−scale, without zeros at the end of its fraction. Empty cells stay what they are.
 *
 * @param unscaled  integer, or its bytes in two's complement, the highest first
 */
export function decimalText(unscaled: unknown, scale: number): unknown {
  if (unscaled === null || unscaled === undefined) return unscaled;
  const whole =
    unscaled instanceof Uint8Array ? signedInteger(unscaled) : BigInt(unscaled as number | bigint);
  if (scale <= 0) return whole * 10n ** BigInt(-scale);
  const digits = (whole < 0n ? -whole : whole).toString().padStart(scale + 1, "0");
  const fraction = digits.slice(-scale).replace(/0+$/, "");
  return `${whole < 0n ? "-" : ""}${digits.slice(0, -scale)}${fraction === "" ? "" : `.${fraction}`}`;
}

function signedInteger(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}
