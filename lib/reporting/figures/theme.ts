/** A plotly figure: traces and layout, as plain JSON. Every figure function returns one; nothing here needs plotly itself. */
export interface Figure {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
}

/**
 * Eight colours that stay apart under the common colour vision deficiencies, all readable on white and on near-black.
 * Order of use; yellow is left out for its contrast on white.
 *
 * @see Okabe & Ito 2008, https://jfly.uni-koeln.de/color/
 */
export const PALETTE = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#E69F00",
  "#56B4E9",
  "#8A5FBF",
  "#7F7F7F",
] as const;

const HATCHES = ["", "/", ".", "x", "-", "\\", "|", "+"] as const;

/** Line styles and marker shapes that go with the palette, so that no series is told by colour alone. */
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash"] as const;
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon"] as const;

/** A neutral that reads on light and dark backgrounds alike: axis text, ticks, titles. */
export const NEUTRAL = "#7a828e";
const GRID = "rgba(128,134,145,0.22)";
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

/** Colour of the i-th series. */
export function seriesColor(index: number): string {
  return PALETTE[index % PALETTE.length]!;
}

/** Marker shape of the i-th series: with its colour a pair that no other of the first 64 has. */
export function seriesSymbol(index: number): string {
  return SYMBOLS[(index + Math.floor(index / PALETTE.length)) % SYMBOLS.length]!;
}

/** Line style of the i-th series. */
export function seriesDash(index: number): string {
  return DASHES[(index + Math.floor(index / PALETTE.length)) % DASHES.length]!;
}

/** Hatching of the i-th series' bars, none for the first; plotly's `marker.pattern`. */
export function seriesPattern(index: number): { shape: string; solidity: number; size: number } {
  const shape = HATCHES[(index + Math.floor(index / PALETTE.length)) % HATCHES.length]!;
  return { shape, solidity: 0.25, size: 7 };
}

/** The colour with an opacity, as `rgba()`. */
export function withOpacity(hex: string, opacity: number): string {
  const value = Number.parseInt(hex.slice(1), 16);
  return `rgba(${value >> 16},${(value >> 8) & 255},${value & 255},${opacity})`;
}

/**
 * The layout that all figures share: transparent background, one font, quiet grid, legend over the plot, room for
 * labels at phone width. `extra` is laid over it; axes are merged key by key.
 */
export function baseLayout(extra: Record<string, unknown> = {}): Record<string, unknown> {
  const { xaxis, yaxis, ...rest } = extra as { xaxis?: object; yaxis?: object };
  return {
    autosize: true,
    height: 400,
    margin: { l: 12, r: 16, t: 24, b: 12 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: 13, color: NEUTRAL },
    colorway: [...PALETTE],
    hoverlabel: { font: { family: FONT, size: 13 } },
    legend: {
      orientation: "h",
      x: 0,
      y: 1.02,
      yanchor: "bottom",
      font: { size: 13 },
      bgcolor: "rgba(0,0,0,0)",
    },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: NEUTRAL, activecolor: PALETTE[0] },
    xaxis: { ...axis(), ...xaxis },
    yaxis: { ...axis(), ...yaxis },
    ...rest,
  };
}

/** Text as plotly shall show it: plotly reads a small HTML in texts, so its signs are escaped. */
export function plotlyText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Axis title in the shape that plotly takes. */
export function axisTitle(text: string): { title: { text: string; standoff: number } } {
  return { title: { text: plotlyText(text), standoff: 10 } };
}

function axis(): Record<string, unknown> {
  return {
    automargin: true,
    gridcolor: GRID,
    linecolor: GRID,
    zerolinecolor: GRID,
    tickcolor: GRID,
    ticks: "outside",
    ticklen: 4,
  };
}
