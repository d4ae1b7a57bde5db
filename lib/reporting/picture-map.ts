import { escapeHtml } from "./escape.js";

/** A picture at a place of a map. */
export interface MapPicture {
  x: number;
  y: number;
  /** `data:` address */
  picture: string;
  /** shown on hover */
  label: string;
}

/**
 * A map whose points are pictures, as an SVG of its own. Pictures stand on a grid of cells of their size: each takes the
 * free cell nearest to its place, in the order given, so none covers another; those that find none within `reach` cells
 * are left out.
 *
 * @returns the SVG and the number of pictures left out
 */
export function pictureMap(
  points: readonly MapPicture[],
  options: { columns?: number; cell?: number; reach?: number } = {},
): { svg: string; leftOut: number } {
  const { columns = 34, cell = 24, reach = 6 } = options;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
  const span = Math.max(Math.max(...xs) - left, Math.max(...ys) - bottom) || 1;
  const taken = new Set<number>();
  let leftOut = 0;
  const images = points.flatMap(({ x, y, picture, label }) => {
    const column = Math.round(((x - left) / span) * (columns - 1));
    const row = Math.round((1 - (y - bottom) / span) * (columns - 1));
    const free = nearestFree(taken, columns, column, row, reach);
    if (free === null) {
      leftOut++;
      return [];
    }
    taken.add(free.row * columns + free.column);
    const place = `x="${free.column * cell}" y="${free.row * cell}" width="${cell}" height="${cell}"`;
    return [`<image ${place} href="${escapeHtml(picture)}"><title>${escapeHtml(label)}</title></image>`];
  });
  const side = columns * cell;
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" role="img" style="max-width:${side}px;width:100%;background:#fff">${images.join("")}</svg>`,
    leftOut,
  };
}

function nearestFree(
  taken: ReadonlySet<number>,
  columns: number,
  column: number,
  row: number,
  reach: number,
): { column: number; row: number } | null {
  for (let ring = 0; ring <= reach; ring++) {
    let best: { column: number; row: number; distance: number } | null = null;
    for (let dy = -ring; dy <= ring; dy++)
      for (let dx = -ring; dx <= ring; dx++) {
        if (Math.max(Math.abs(dx), Math.abs(dy)) !== ring) continue;
        const [x, y] = [column + dx, row + dy];
        if (x < 0 || y < 0 || x >= columns || y >= columns || taken.has(y * columns + x)) continue;
        const distance = dx * dx + dy * dy;
        if (best === null || distance < best.distance) best = { column: x, row: y, distance };
      }
    if (best !== null) return best;
  }
  return null;
}
