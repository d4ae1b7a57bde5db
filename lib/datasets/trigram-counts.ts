import { mostFrequent } from "./token-counts.js";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789 ";

/** Frequencies of the 37³ trigrams over cleaned text, in an array of their own: nothing is hashed. */
export class TrigramCounts {
  private readonly counts = new Float64Array(37 * 37 * 37);

  /** Counts every trigram of a cleaned text but those of three spaces. */
  add(cleaned: string): void {
    let a = 36;
    let b = 36;
    for (let i = 0; i < cleaned.length; i++) {
      const c = letterCode(cleaned.charCodeAt(i));
      if (i >= 2) this.counts[(a * 37 + b) * 37 + c]!++;
      a = b;
      b = c;
    }
  }

  /** As {@link SpillingCounts.finish} does. */
  finish(limit: number): { top: [string, number][]; distinct: number } {
    const found = this.entries();
    return { top: mostFrequent(found, limit), distinct: found.size };
  }

  /** Those that occurred, without the one of three spaces. */
  entries(): Map<string, number> {
    const found = new Map<string, number>();
    for (let cell = 0; cell < this.counts.length - 1; cell++) {
      if (this.counts[cell] === 0) continue;
      const key =
        alphabet[Math.floor(cell / 1369)]! + alphabet[Math.floor(cell / 37) % 37]! + alphabet[cell % 37]!;
      found.set(key, this.counts[cell]!);
    }
    return found;
  }
}

function letterCode(code: number): number {
  if (code >= 97) return code - 97;
  return code === 32 ? 36 : code - 22;
}
