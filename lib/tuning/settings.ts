import { power } from "../engine/power.js";
import { emptyRecord } from "../files/own-entry.js";
import type { Range } from "./tuning-schema.js";

/** A trial's changes, and what tables call it. */
export interface Settings {
  /** key.path → value */
  set: Record<string, unknown>;
  /** by range: what was drawn, as text */
  chosen: Record<string, string>;
}

/**
 * The changes at a point of the unit cube, one coordinate in [0, 1) a range: lists and sets are cut into equal parts,
 * numbers lie between their ends, evenly or evenly in their logarithm, to three significant digits.
 */
export function settingsAt(ranges: Readonly<Record<string, Range>>, point: ArrayLike<number>): Settings {
  const set = emptyRecord<unknown>();
  const chosen = emptyRecord<string>();
  Object.entries(ranges).forEach(([key, range], d) => {
    const u = point[d]!;
    if (Array.isArray(range)) {
      const value = range[optionAt(range, u)!];
      set[key] = value;
      chosen[key] = typeof value === "object" ? JSON.stringify(value) : String(value);
    } else if ("sets" in range) {
      const [name, changes] = Object.entries(range.sets)[optionAt(range, u)!]!;
      Object.assign(set, changes);
      chosen[key] = name;
    } else {
      const { from, to, scale, whole } = range;
      const value = scale === "log" ? from * power(to / from, u) : from + u * (to - from);
      set[key] = whole ? Math.round(value) : Number(value.toPrecision(3));
      chosen[key] = String(set[key]);
    }
  });
  return { set, chosen };
}

/** Number of the option of a list or of sets that a coordinate falls on; null for a range of numbers. */
export function optionAt(range: Range, u: number): number | null {
  const count = optionsOf(range);
  return count === null ? null : Math.min(count - 1, Math.floor(u * count));
}

/** How many options a list or sets have; null for a range of numbers. */
export function optionsOf(range: Range): number | null {
  if (Array.isArray(range)) return range.length;
  return "sets" in range ? Object.keys(range.sets).length : null;
}

/** "learning_rate 0.012, layers bag of 64": the last part of each key, and what was drawn; sets called "as given" are left out. */
export function describeSettings({ chosen }: Settings): string {
  const parts = Object.entries(chosen)
    .filter(([, text]) => text !== "as given")
    .map(([key, text]) => `${key.split(".").at(-1)} ${text}`);
  return parts.length === 0 ? "as given" : parts.join(", ");
}
