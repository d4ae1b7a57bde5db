import sharp from "sharp";
import { UserError } from "../files/user-error.js";

/** A picture file's path, or its bytes (PNG, JPEG, WebP, SVG, …), or null: an empty place. */
export type PictureSource = string | Uint8Array | null;

/** TensorBoard's projector draws sprites up to this many pixels a side. */
export const MAX_SPRITE_PIXELS = 8192;

const CHANNELS = 4;

/**
 * Puts pictures into one square grid, row by row: ⌈√n⌉ columns and rows of cells of one size, which is what the
 * embedding projector wants. Pictures are fitted into their cell whole, on transparent ground; equal sources (same
 * string or same array) are decoded once.
 *
 * @param pictures    at least one
 * @param cellPixels  side of a cell, made smaller where the sheet would pass 8192 pixels
 * @returns the sheet as PNG, and the side of a cell
 * @throws RangeError without pictures, or naming the place of a picture that cannot be decoded
 */
export async function spriteSheet(
  pictures: readonly PictureSource[],
  cellPixels = 48,
): Promise<{ png: Uint8Array; cellPixels: number }> {
  if (pictures.length === 0) throw new UserError("spriteSheet: pictures must not be empty, got 0");
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const cell = Math.min(cellPixels, Math.floor(MAX_SPRITE_PIXELS / columns));
  if (cell < 1)
    throw new UserError(`spriteSheet: at most ${MAX_SPRITE_PIXELS ** 2} pictures, got ${pictures.length}`);
  const side = columns * cell;
  const sheet = Buffer.alloc(side * side * CHANNELS);
  const decoded = new Map<PictureSource, Uint8Array>();
  for (let i = 0; i < pictures.length; i++) {
    const source = pictures[i]!;
    if (source === null) continue;
    let pixels = decoded.get(source);
    if (pixels === undefined) {
      pixels = await decode(source, cell, i);
      decoded.set(source, pixels);
    }
    const corner = (Math.floor(i / columns) * side + (i % columns)) * cell * CHANNELS;
    for (let y = 0; y < cell; y++) {
      const row = pixels.subarray(y * cell * CHANNELS, (y + 1) * cell * CHANNELS);
      sheet.set(row, corner + y * side * CHANNELS);
    }
  }
  const png = await sharp(sheet, { raw: { width: side, height: side, channels: CHANNELS } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return { png, cellPixels: cell };
}

async function decode(source: string | Uint8Array, cell: number, place: number): Promise<Uint8Array> {
  const background = { r: 0, g: 0, b: 0, alpha: 0 };
  try {
    return await sharp(source)
      .resize(cell, cell, { fit: "contain", background })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw()
      .toBuffer();
  } catch (error) {
    const name = typeof source === "string" ? ` (${source})` : "";
    throw new UserError(
      `spriteSheet: picture ${place}${name} must be decodable, got ${(error as Error).message}`,
    );
  }
}
