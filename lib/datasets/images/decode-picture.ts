import sharp, { type Metadata } from "sharp";
import { DataError } from "../../files/data-error.js";
import { MOST_SVG_ELEMENTS, svgElements } from "./svg-work.js";

/** How a picture of any format becomes an array of one size. */
export interface DecodeOptions {
  /** Pixels on each side of the result. */
  size: number;
  /** contain: whole picture, bars of the background; cover: fill the square, cut the rest off; fill: stretch. */
  fit: "contain" | "cover" | "fill";
  /** Red, green and blue, 0 to 255, behind transparent parts and in bars. */
  background: readonly [number, number, number];
  /** Most pixels (width · height) that a picture may declare; larger ones are refused before they are unpacked. */
  maxPixels: number;
  /** Most bytes of a file. */
  maxBytes: number;
}

export const decodeDefaults: DecodeOptions = {
  size: 32,
  fit: "contain",
  background: [255, 255, 255],
  maxPixels: 2 ** 26,
  maxBytes: 2 ** 26,
};

const formats = ["jpeg", "png", "svg", "webp"];

/**
 * Decodes PNG, JPEG, WebP or SVG bytes to red, green and blue: turned as the camera says, transparency laid over the
 * background, drawings (SVG) rendered at the size wanted rather than enlarged.
 *
 * @param bytes  the file's content; `source` names it in messages
 * @returns size · size · 3 values from 0 to 255, row after row
 * @throws DataError naming the source if the bytes are no picture of these formats, damaged, or over a limit
 */
export async function decodePicture(
  bytes: Uint8Array,
  source: string,
  options: DecodeOptions,
): Promise<Uint8Array> {
  const { size, fit, maxPixels, maxBytes } = options;
  if (bytes.length > maxBytes)
    throw new DataError(`${source}: picture must have at most ${maxBytes} bytes, got ${bytes.length}`);
  const background = { r: options.background[0], g: options.background[1], b: options.background[2] };
  try {
    refuseLongDrawing(bytes, source);
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (!formats.includes(header.format))
      throw new DataError(
        `${source}: picture must be ${formats.join(", ")}, got ${header.format ?? "nothing known"}`,
      );
    const pixels = (header.width ?? 0) * (header.height ?? 0);
    if (pixels > maxPixels)
      throw new DataError(
        `${source}: picture must have at most ${maxPixels} pixels, got ${header.width} · ${header.height}`,
      );
    const density = header.format === "svg" ? svgDensity(header, options) : undefined;
    const { data, info } = await sharp(bytes, {
      limitInputPixels: maxPixels,
      failOn: "truncated",
      ...(density === undefined ? {} : { density }),
    })
      .rotate()
      .flatten({ background })
      .resize(size, size, { fit, background })
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return info.channels === 3 ? new Uint8Array(data) : greyToColour(data, size * size);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      `${source}: picture must be whole and undamaged, got: ${(error as Error).message.split("\n")[0]}`,
    );
  }
}

/** A drawing's time goes by its elements, which references multiply: seconds for a few hundred bytes. */
function refuseLongDrawing(bytes: Uint8Array, source: string): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString("latin1");
  if (!/<(svg|\?xml|!doctype|!--)/i.test(start)) return;
  const elements = svgElements(Buffer.from(bytes).toString("utf8"));
  if (elements > MOST_SVG_ELEMENTS)
    throw new DataError(
      `${source}: drawing must come to at most ${MOST_SVG_ELEMENTS} elements, references followed, got ${Number.isFinite(elements) ? elements : "one that refers to itself"}`,
    );
}

/** Dots per inch at which the drawing's shorter side has the wanted size, within the pixel limit. */
function svgDensity(header: Metadata, { size, maxPixels }: DecodeOptions): number {
  const [width, height] = [header.width ?? 1, header.height ?? 1];
  const wanted = Math.max(1, size / Math.min(width, height));
  const allowed = Math.sqrt(maxPixels / (width * height));
  return Math.min(100_000, Math.max(1, 72 * Math.min(wanted, allowed)));
}

function greyToColour(grey: Uint8Array, pixels: number): Uint8Array {
  const channels = grey.length / pixels;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) out.fill(grey[i * channels]!, i * 3, i * 3 + 3);
  return out;
}
