/** What draws the jitter of the boxes. */
export interface BoxDraws {
  next(): number;
}

const CELLS = 4;

/** Entries of a region's features: 4 · 4 mean colours, 2 · 2 spreads of colour, share of drawing, area, shape, saturation. */
export const regionFeatureDim = CELLS * CELLS * 3 + 12 + 4;

/**
 * Stands in for an object detector: the whole picture, its four quarters and its middle, jittered; regions that are
 * blank are left out (the whole picture never).
 *
 * @param pixels [size, size, 3], 0 to 255
 * @returns boxes [n, 4] (top, left, bottom, right in pixels) and features [n, regionFeatureDim], about −1 to 1
 */
export function cutRegions(
  pixels: Uint8Array,
  size: number,
  draws: BoxDraws,
): { boxes: Float32Array; features: Float32Array } {
  const half = size / 2;
  const jitter = () => (draws.next() - 0.5) * (size / 8);
  const corners = [0, half].flatMap((top) => [0, half].map((left) => [top, left, top + half, left + half]));
  const middle = [size / 4, size / 4, (3 * size) / 4, (3 * size) / 4];
  const moved = [...corners, middle].map((box) =>
    box.map((edge) => Math.round(Math.min(size, Math.max(0, edge + jitter())))),
  );
  const boxes = [[0, 0, size, size], ...moved].filter(
    (box, i) => i === 0 || drawnShare(pixels, size, box) > 0.03,
  );
  const features = new Float32Array(boxes.length * regionFeatureDim);
  boxes.forEach((box, i) => {
    features.set(describe(pixels, size, box), i * regionFeatureDim);
  });
  return { boxes: Float32Array.from(boxes.flat()), features };
}

function describe(pixels: Uint8Array, size: number, box: readonly number[]): number[] {
  const fine = cells(pixels, size, box, CELLS);
  const coarse = cells(pixels, size, box, 2);
  const [top, left, bottom, right] = box as [number, number, number, number];
  const mean = [0, 1, 2].map((c) => coarse.reduce((sum, cell) => sum + cell.mean[c]! / 4, 0));
  return [
    ...fine.flatMap(({ mean: colour }) => colour.map((value) => 2 * value - 1)),
    ...coarse.flatMap(({ spread }) => spread.map((value) => 4 * value - 1)),
    2 * drawnShare(pixels, size, box) - 1,
    2 * (((bottom - top) * (right - left)) / (size * size)) - 1,
    Math.log((right - left + 1) / (bottom - top + 1)),
    2 * (Math.max(...mean) - Math.min(...mean)) - 1,
  ];
}

/** Mean and standard deviation of each colour (0 to 1) in a grid of the box, row by row. */
function cells(pixels: Uint8Array, size: number, box: readonly number[], across: number) {
  const [top, left, bottom, right] = box as [number, number, number, number];
  return Array.from({ length: across * across }, (_, cell) => {
    const y0 = Math.floor(top + ((bottom - top) * Math.floor(cell / across)) / across);
    const y1 = Math.max(
      y0 + 1,
      Math.floor(top + ((bottom - top) * (Math.floor(cell / across) + 1)) / across),
    );
    const x0 = Math.floor(left + ((right - left) * (cell % across)) / across);
    const x1 = Math.max(x0 + 1, Math.floor(left + ((right - left) * ((cell % across) + 1)) / across));
    const sums = [0, 0, 0];
    const squares = [0, 0, 0];
    let count = 0;
    for (let y = y0; y < Math.min(size, y1); y++)
      for (let x = x0; x < Math.min(size, x1); x++, count++)
        for (let c = 0; c < 3; c++) {
          const value = pixels[(y * size + x) * 3 + c]! / 255;
          sums[c]! += value;
          squares[c]! += value * value;
        }
    const mean = sums.map((sum) => sum / Math.max(1, count));
    const spread = squares.map((sum, c) => Math.sqrt(Math.max(0, sum / Math.max(1, count) - mean[c]! ** 2)));
    return { mean, spread };
  });
}

/** Share of pixels in the box that are not white. */
function drawnShare(pixels: Uint8Array, size: number, box: readonly number[]): number {
  const [top, left, bottom, right] = box as [number, number, number, number];
  let drawn = 0;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const at = (y * size + x) * 3;
      if (Math.min(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!) < 235) drawn++;
    }
  return drawn / Math.max(1, (bottom - top) * (right - left));
}
