import { queryShape } from "./point-stamps.js";

/** Kinds that colours and shapes tell apart; the rest are "other". */
const MOST_KINDS = 15;
const OTHER = 0x8a9099;
/** From low to high, readable on light and dark, apart under colour vision deficiencies. */
const RAMP = [0x3b5bd9, 0x1f8fb0, 0x3aa76d, 0xd9a521, 0xe0562b];

/** A line of a map's legend. */
export interface LegendEntry {
  label: string;
  colour: number;
  shape: number;
  count: number;
}

/** Colours and shapes of points by one of their properties. */
export interface Colouring {
  colours: Uint32Array;
  shapes: Uint8Array;
  /** which entry of the legend each point belongs to; −1 for numbers */
  entry: Int16Array;
  legend: LegendEntry[];
  /** for numbers: the ends of the ramp */
  range: { least: number; most: number; ramp: readonly number[] } | null;
}

/** Groups by the frequency of values: each has a pair of colour and shape of its own. */
export function colourByKind(values: readonly string[], palette: readonly string[]): Colouring {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ordered = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
  const named = ordered.length > MOST_KINDS ? ordered.slice(0, MOST_KINDS) : ordered;
  const legend: LegendEntry[] = named.map((value, i) => ({
    label: value === "" ? "(none)" : value,
    colour: Number.parseInt(palette[i % palette.length]!.slice(1), 16),
    shape: i % queryShape,
    count: counts.get(value)!,
  }));
  const place = new Map(named.map((value, i) => [value, i]));
  const rest = values.filter((value) => !place.has(value)).length;
  if (rest > 0) legend.push({ label: "other", colour: OTHER, shape: 0, count: rest });
  const entry = Int16Array.from(values, (value) => place.get(value) ?? named.length);
  return {
    colours: Uint32Array.from(entry, (i) => legend[i]!.colour),
    shapes: Uint8Array.from(entry, (i) => legend[i]!.shape),
    entry,
    legend,
    range: null,
  };
}

/** A ramp of colours from the least to the most; NaN is grey. The ends leave out the outermost hundredth of values. */
export function colourByNumber(values: Float32Array): Colouring {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const least = sorted[Math.floor(sorted.length * 0.01)] ?? 0;
  const most = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  const colours = Uint32Array.from(values, (value) =>
    Number.isNaN(value) ? OTHER : onRamp(most > least ? (value - least) / (most - least) : 0.5),
  );
  return {
    colours,
    shapes: new Uint8Array(values.length),
    entry: new Int16Array(values.length).fill(-1),
    legend: [],
    range: { least, most, ramp: RAMP },
  };
}

function onRamp(share: number): number {
  const at = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const low = RAMP[Math.floor(at)]!;
  const high = RAMP[Math.ceil(at)]!;
  const part = at - Math.floor(at);
  const mix = (shift: number) =>
    Math.round(((low >> shift) & 255) * (1 - part) + ((high >> shift) & 255) * part) << shift;
  return mix(16) | mix(8) | mix(0);
}

/** `#rrggbb` */
export function hexColour(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}
