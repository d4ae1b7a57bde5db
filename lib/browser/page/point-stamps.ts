/** A shape as coverage 0 … 255 of the pixels around its middle, [size, size]. */
export interface Stamp {
  size: number;
  coverage: Uint8Array;
}

/** Shapes of points, so that no group is told by its colour alone. */
export const pointShapes = ["circle", "square", "diamond", "triangle", "cross", "down", "ring"] as const;
export type PointShape = (typeof pointShapes)[number];

/** Outlines in a square from −1 to 1; true inside. */
const inside: Record<PointShape, (x: number, y: number) => boolean> = {
  circle: (x, y) => x * x + y * y < 1,
  square: (x, y) => Math.abs(x) < 0.86 && Math.abs(y) < 0.86,
  diamond: (x, y) => Math.abs(x) + Math.abs(y) < 1.16,
  triangle: (x, y) => y > -1 && y < 0.8 && Math.abs(x) < (y + 1) * 0.6,
  cross: (x, y) => (Math.abs(x) < 0.36 || Math.abs(y) < 0.36) && Math.abs(x) < 1.05 && Math.abs(y) < 1.05,
  ring: (x, y) => x * x + y * y < 1.1 && x * x + y * y > 0.36,
  down: (x, y) => y < 1 && y > -0.8 && Math.abs(x) < (1 - y) * 0.6,
};

/** The shape of queries, which no document has; the others are for kinds of documents. */
export const queryShape = pointShapes.indexOf("ring");

/** @param radius  in pixels of the canvas */
export function stampOf(shape: PointShape, radius: number): Stamp {
  const size = 2 * Math.ceil(radius * 1.17 - 0.5) + 1;
  const middle = (size - 1) / 2;
  const coverage = new Uint8Array(size * size);
  const parts = 4;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      let hits = 0;
      for (let a = 0; a < parts; a++)
        for (let b = 0; b < parts; b++) {
          const dx = (x - middle + (a + 0.5) / parts - 0.5) / radius;
          const dy = (y - middle + (b + 0.5) / parts - 0.5) / radius;
          if (inside[shape](dx, dy)) hits++;
        }
      coverage[y * size + x] = Math.round((255 * hits) / (parts * parts));
    }
  return { size, coverage };
}
