import { escapeHtml } from "./escape.js";
import { seriesColor, seriesDash } from "./figures/theme.js";

/** A line of a panel. */
export interface LiveLine {
  name: string;
  x: readonly number[];
  y: readonly number[];
}

const WIDTH = 480;
const HEIGHT = 190;
const EDGE = { left: 58, right: 10, top: 10, bottom: 26 };
/** Places a line has; more values are averaged. */
const PLACES = 240;

/**
 * Lines against training steps as one SVG picture: what can be drawn again many times a second, where an interactive figure
 * cannot. The last line is the one that grows. The y axis goes from the least to the most value; values that are no finite
 * numbers are left out.
 */
export function liveCurves(title: string, lines: readonly LiveLine[]): string {
  const thin = lines.map(({ name, x, y }) => ({ name, points: averaged(x, y) }));
  const all = thin.flatMap(({ points }) => points);
  const range = (values: readonly number[]) => {
    const least = values.reduce((a, b) => Math.min(a, b), Infinity);
    const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
    return { least, most, width: most - least || Math.abs(most) || 1 };
  };
  const [xs, ys] = [range(all.map(([x]) => x)), range(all.map(([, y]) => y))];
  const right = WIDTH - EDGE.right;
  const bottom = HEIGHT - EDGE.bottom;
  const at = ([x, y]: readonly [number, number]) =>
    `${(EDGE.left + ((x - xs.least) / xs.width) * (right - EDGE.left)).toFixed(1)},${(bottom - ((y - ys.least) / ys.width) * (bottom - EDGE.top)).toFixed(1)}`;
  const text = (x: number, y: number, anchor: string, value: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="11" fill="currentColor">${escapeHtml(value)}</text>`;
  const paths = thin.map(({ name, points }, i) => {
    const dash = { solid: "", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" }[seriesDash(i)] ?? "11 4";
    return `<polyline points="${points.map(at).join(" ")}" fill="none" stroke="${seriesColor(i)}" stroke-width="2" stroke-dasharray="${dash}"><title>${escapeHtml(name)}</title></polyline>`;
  });
  const axes =
    all.length === 0
      ? ""
      : text(EDGE.left - 6, EDGE.top + 9, "end", short(ys.most)) +
        text(EDGE.left - 6, bottom, "end", short(ys.least)) +
        text(EDGE.left, HEIGHT - 8, "start", `step ${xs.least.toLocaleString("en")}`) +
        text(right, HEIGHT - 8, "end", xs.most.toLocaleString("en"));
  const label = `${title} against training steps`;
  return (
    `<figure style="display:inline-block;margin:0 12px 0 0;max-width:100%"><figcaption>${escapeHtml(title)}</figcaption>` +
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" style="max-width:100%;height:auto" role="img" aria-label="${escapeHtml(label)}">` +
    `<path d="M${EDGE.left} ${EDGE.top}V${bottom}H${right}" fill="none" stroke="currentColor" opacity=".4"/>${paths.join("")}${axes}</svg></figure>`
  );
}

/** Means over stretches of steps, so that a line has at most {@link PLACES} points. */
function averaged(x: readonly number[], y: readonly number[]): [number, number][] {
  const every = Math.max(1, Math.ceil(x.length / PLACES));
  const points: [number, number][] = [];
  for (let from = 0; from < x.length; from += every) {
    const part = y.slice(from, from + every).filter(Number.isFinite);
    if (part.length > 0)
      points.push([
        x[Math.min(from + every, x.length) - 1]!,
        part.reduce((sum, value) => sum + value, 0) / part.length,
      ]);
  }
  return points;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
