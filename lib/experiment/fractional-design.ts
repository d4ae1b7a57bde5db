import { UserError } from "../files/user-error.js";

/** Which parts each row of a two-level design has. */
export interface FactorialDesign {
  /** [rows][parts]; the first row has every part. */
  rows: boolean[][];
  /** Shortest defining word: 4 means that no single part is aliased with a pair; Infinity for the full design. */
  resolution: number;
  /** Groups of effects, each a set of parts, that the design cannot tell apart: singles and pairs with each other. */
  aliases: number[][][];
}

/** Parts of a factorial design: a full one of more has too many effects to list. */
const MOST_PARTS = 16;
/** Resolutions worth asking for, highest first: VI and V leave pairs unaliased with pairs, IV singles with pairs. */
const RESOLUTIONS = [6, 5, 4];

/**
 * A regular two-level design of at most so many rows: the full 2^k where it fits, else the fraction 2^(k − p) of the highest
 * resolution that does, never below IV. Row r of a fraction with base factors 0 … m − 1 lacks part i where the parity of
 * r AND column_i is odd; a column is taken if it is no sum (mod 2) of resolution − 2 earlier ones or fewer, fewest base
 * factors first.
 *
 * @param parts     k, from 1 to 16
 * @param mostRows  rows that may be trained
 * @throws UserError where no fraction of resolution IV is that small
 * @see Box & Hunter 1961, doi:10.1080/00401706.1961.10489951 (2^(k − p) fractional factorial designs)
 */
export function factorialDesign(parts: number, mostRows: number): FactorialDesign {
  if (!Number.isInteger(parts) || parts < 1 || parts > MOST_PARTS)
    throw new UserError(`factorial design: parts must be 1 to ${MOST_PARTS}, got ${parts}`);
  if (1 << parts <= mostRows)
    return designOf(
      Array.from({ length: parts }, (_, i) => 1 << i),
      parts,
    );
  for (const resolution of RESOLUTIONS)
    for (let base = 1; 1 << base <= mostRows; base++) {
      const columns = columnsOf(parts, base, resolution);
      if (columns !== null) return designOf(columns, base);
    }
  let least = 1;
  while (columnsOf(parts, least, 4) === null) least++;
  throw new UserError(
    `factorial design: rows for ${parts} parts must be at least ${1 << least}, the smallest fraction of resolution IV, got ${mostRows}`,
  );
}

function columnsOf(parts: number, base: number, resolution: number): number[] | null {
  if (base >= parts) return null;
  const candidates = Array.from({ length: (1 << base) - 1 }, (_, i) => i + 1).sort(
    (a, b) => bits(a) - bits(b) || a - b,
  );
  const columns: number[] = [];
  for (const candidate of candidates) {
    if (columns.length === parts) break;
    if (!sums(columns, resolution - 2).has(candidate)) columns.push(candidate);
  }
  return columns.length === parts ? columns : null;
}

/** Sums mod 2 of at most so many of the columns. */
function sums(columns: readonly number[], most: number): Set<number> {
  let found = new Set([0]);
  for (let count = 0; count < most; count++) {
    const more = new Set(found);
    for (const sum of found) for (const column of columns) more.add(sum ^ column);
    found = more;
  }
  return found;
}

function designOf(columns: readonly number[], base: number): FactorialDesign {
  const rows = Array.from({ length: 1 << base }, (_, r) =>
    columns.map((column) => bits(r & column) % 2 === 0),
  );
  return { rows, resolution: resolutionOf(columns), aliases: aliasesOf(columns) };
}

/** Fewest columns that sum to nothing. */
function resolutionOf(columns: readonly number[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let word = 1; word < 1 << columns.length; word++) {
    const length = bits(word);
    if (length >= shortest) continue;
    let sum = 0;
    for (let i = 0; i < columns.length; i++) if ((word >> i) & 1) sum ^= columns[i]!;
    if (sum === 0) shortest = length;
  }
  return shortest;
}

function aliasesOf(columns: readonly number[]): number[][][] {
  const groups = new Map<number, number[][]>();
  const add = (effect: number[]) => {
    const contrast = effect.reduce((sum, i) => sum ^ columns[i]!, 0);
    groups.set(contrast, [...(groups.get(contrast) ?? []), effect]);
  };
  for (let i = 0; i < columns.length; i++) add([i]);
  for (let i = 0; i < columns.length; i++) for (let j = i + 1; j < columns.length; j++) add([i, j]);
  return [...groups.values()].filter((group) => group.length > 1);
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
