import type { ImageColumn } from "../../features/batch.js";

/** (pixel / 255 − mean) / std per channel, [B, size, size, 3]; rows without picture are zero. */
export function normalisedPixels(column: ImageColumn, pixels: Uint8Array = column.pixels): Float32Array {
  const { mean, std, missing, size } = column;
  const table = [0, 1, 2].map((channel) =>
    Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean[channel]!) / std[channel]!),
  );
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    out[i] = table[0]![pixels[i]!]!;
    out[i + 1] = table[1]![pixels[i + 1]!]!;
    out[i + 2] = table[2]![pixels[i + 2]!]!;
  }
  const length = size * size * 3;
  if (missing !== undefined)
    for (let row = 0; row < missing.length; row++)
      if (missing[row] === 1) out.fill(0, row * length, (row + 1) * length);
  return out;
}
