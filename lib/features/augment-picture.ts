/** Random numbers in [0, 1); the engine's Random is one. */
export interface Draws {
  next(): number;
}

/** How pictures are changed in training. A part at its zero does nothing. */
export interface Augmentation {
  /** probability of mirroring left and right */
  flip: number;
  /** smallest share of the side that a random square crop keeps, in (0, 1]; 1 = no crop */
  crop: number;
  /** brightness, contrast and saturation are each multiplied by a factor from [1 − colour, 1 + colour] */
  colour: number;
  /** probability of a 3 · 3 blur (binomial weights) */
  blur: number;
}

export const noAugmentation: Augmentation = { flip: 0, crop: 1, colour: 0, blur: 0 };

/**
 * A changed copy of one picture: crop (resized back, bilinear), flip, colour, blur, in this order. Always the same
 * number of draws (8) is taken, whatever the settings, so that changing one leaves the others' draws alone.
 *
 * @param pixels [size, size, 3], 0 to 255; not changed
 */
export function augmentPicture(
  pixels: Uint8Array,
  size: number,
  { flip, crop, colour, blur }: Augmentation,
  draws: Draws,
): Uint8Array {
  const drawn = Array.from({ length: 8 }, () => draws.next());
  let out: Uint8Array = pixels.slice();
  if (crop < 1) {
    const side = size * (crop + (1 - crop) * drawn[0]!);
    out = cropped(out, size, side, (size - side) * drawn[1]!, (size - side) * drawn[2]!);
  }
  if (drawn[3]! < flip) out = mirrored(out, size);
  if (colour > 0) {
    const factor = (u: number) => 1 + colour * (2 * u - 1);
    out = recoloured(out, factor(drawn[4]!), factor(drawn[5]!), factor(drawn[6]!));
  }
  if (drawn[7]! < blur) out = blurred(out, size);
  return out;
}

/** The square of `side` pixels at (left, top), enlarged to size · size. */
function cropped(pixels: Uint8Array, size: number, side: number, left: number, top: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const scale = side / size;
  for (let y = 0; y < size; y++) {
    const sourceY = Math.min(size - 1, Math.max(0, top + (y + 0.5) * scale - 0.5));
    const y0 = Math.floor(sourceY);
    const y1 = Math.min(size - 1, y0 + 1);
    for (let x = 0; x < size; x++) {
      const sourceX = Math.min(size - 1, Math.max(0, left + (x + 0.5) * scale - 0.5));
      const x0 = Math.floor(sourceX);
      const x1 = Math.min(size - 1, x0 + 1);
      const [fy, fx] = [sourceY - y0, sourceX - x0];
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number) => pixels[(row * size + column) * 3 + c]!;
        const upper = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
        const lower = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
        out[(y * size + x) * 3 + c] = Math.round(upper * (1 - fy) + lower * fy);
      }
    }
  }
  return out;
}

function mirrored(pixels: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const from = (y * size + size - 1 - x) * 3;
      out.set(pixels.subarray(from, from + 3), (y * size + x) * 3);
    }
  return out;
}

/** Brightness multiplies all; contrast stretches about the mean grey; saturation about each pixel's own grey. */
function recoloured(
  pixels: Uint8Array,
  brightness: number,
  contrast: number,
  saturation: number,
): Uint8Array {
  const greyOf = (i: number) => 0.299 * pixels[i]! + 0.587 * pixels[i + 1]! + 0.114 * pixels[i + 2]!;
  let mean = 0;
  for (let i = 0; i < pixels.length; i += 3) mean += greyOf(i);
  mean /= pixels.length / 3;
  const out = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = greyOf(i);
    for (let c = 0; c < 3; c++) {
      const saturated = grey + (pixels[i + c]! - grey) * saturation;
      const value = (mean + (saturated - mean) * contrast) * brightness;
      out[i + c] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  return out;
}

/** Weights 1 2 1 in both directions; the edge repeats. */
function blurred(pixels: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const inside = (i: number) => Math.min(size - 1, Math.max(0, i));
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let u = -1; u <= 1; u++)
          for (let v = -1; v <= 1; v++)
            sum +=
              (2 - Math.abs(u)) * (2 - Math.abs(v)) * pixels[(inside(y + u) * size + inside(x + v)) * 3 + c]!;
        out[(y * size + x) * 3 + c] = Math.round(sum / 16);
      }
  return out;
}
