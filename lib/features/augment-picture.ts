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
  /** probability of grid dropout: black squares at equal distances, each `ratio` of a grid cell's side */
  grid?: number | undefined;
  /** side of a hole over that of a cell, in (0, 1); default 0.2 */
  ratio?: number | undefined;
}

/**
 * A changed copy of one picture: crop (resized back, bilinear), flip, colour, blur, grid dropout, in this order. Always the
 * same number of draws (8) is taken, whatever the settings, so that changing one leaves the others' draws alone; grid dropout
 * takes three more.
 *
 * @param pixels [size, size, 3], 0 to 255; not changed
 */
export function augmentPicture(
  pixels: Uint8Array,
  size: number,
  { flip, crop, colour, blur, grid = 0, ratio = 0.2 }: Augmentation,
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
  if (grid === 0) return out;
  const [chance, left, top] = [draws.next(), draws.next(), draws.next()];
  return chance < grid ? withHoles(out, size, ratio, left, top) : out;
}

/** Ten cells a side (of at least 2 pixels), in each a black square; the grid starts at random. */
function withHoles(pixels: Uint8Array, size: number, ratio: number, left: number, top: number): Uint8Array {
  const cell = Math.max(2, Math.floor(size / 10));
  const hole = Math.min(cell - 1, Math.max(1, Math.floor(cell * ratio)));
  const [x0, y0] = [Math.floor(left * cell), Math.floor(top * cell)];
  for (let y = 0; y < size; y++) {
    if ((y + y0) % cell >= hole) continue;
    for (let x = 0; x < size; x++) {
      if ((x + x0) % cell < hole) pixels.fill(0, (y * size + x) * 3, (y * size + x + 1) * 3);
    }
  }
  return pixels;
}

/** The square of `side` pixels at (left, top), enlarged to size · size. */
function cropped(pixels: Uint8Array, size: number, side: number, left: number, top: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const columns = sampled(size, side, left, 3);
  const rows = sampled(size, side, top, 3 * size);
  for (let y = 0, to = 0; y < size; y++) {
    const [upperRow, lowerRow, fy] = [rows.before[y]!, rows.after[y]!, rows.fraction[y]!];
    for (let x = 0; x < size; x++) {
      const [first, second, fx] = [columns.before[x]!, columns.after[x]!, columns.fraction[x]!];
      for (let c = 0; c < 3; c++, to++) {
        const upper = pixels[upperRow + first + c]! * (1 - fx) + pixels[upperRow + second + c]! * fx;
        const lower = pixels[lowerRow + first + c]! * (1 - fx) + pixels[lowerRow + second + c]! * fx;
        out[to] = Math.round(upper * (1 - fy) + lower * fy);
      }
    }
  }
  return out;
}

/** Along one axis: offsets of the pixels before and after each sampled place (`stride` values apart), and how far between. */
function sampled(size: number, side: number, from: number, stride: number) {
  const before = new Int32Array(size);
  const after = new Int32Array(size);
  const fraction = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const at = Math.min(size - 1, Math.max(0, from + (i + 0.5) * (side / size) - 0.5));
    before[i] = Math.floor(at) * stride;
    after[i] = Math.min(size - 1, Math.floor(at) + 1) * stride;
    fraction[i] = at - Math.floor(at);
  }
  return { before, after, fraction };
}

function mirrored(pixels: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < size; y++)
    for (let from = (y * size + size - 1) * 3; from >= y * size * 3; from -= 3)
      for (let c = 0; c < 3; c++) out[to++] = pixels[from + c]!;
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
  const width = size * 3;
  const across = new Uint16Array(pixels.length);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < width; x++, i++) {
      const [left, right] = [x < 3 ? i : i - 3, x < width - 3 ? i + 3 : i];
      across[i] = pixels[left]! + 2 * pixels[i]! + pixels[right]!;
    }
  const out = new Uint8Array(pixels.length);
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < width; x++, i++) {
      const [above, below] = [y === 0 ? i : i - width, y === size - 1 ? i : i + width];
      out[i] = Math.round((across[above]! + 2 * across[i]! + across[below]!) / 16);
    }
  return out;
}
