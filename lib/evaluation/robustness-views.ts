import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";
import { bootstrapInterval, type Interval, shownResampling } from "../metrics/bootstrap.js";
import { onlyError, type WordError } from "../typos/word-error.js";
import type { RobustnessResult } from "./robustness.js";

export interface RobustnessCurve {
  /** Typo model; with ", corrected" where spelling was corrected before the search. */
  model: string;
  points: ({ typo: number } & Interval)[];
}

/** Mean with a 95 % interval per typo model and probability, in the order met. */
export function robustnessCurves(results: readonly RobustnessResult[], measure: string): RobustnessCurve[] {
  const curves = new Map<string, Map<number, number[]>>();
  for (const result of results) {
    const model = result.corrected ? `${result.model}, corrected` : result.model;
    const points = curves.get(model) ?? new Map<number, number[]>();
    curves.set(model, points);
    const list = points.get(result.typo) ?? [];
    points.set(result.typo, list);
    list.push(measured(result, measure));
  }
  return [...curves].map(([model, points]) => ({
    model,
    points: [...points].map(([typo, values]) => ({ typo, ...interval(values) })),
  }));
}

/** What misspelling did to some queries: their mean before and after, and the mean of the differences. */
export interface Damage {
  queries: number;
  clean: number;
  misspelled: number;
  /** misspelled − clean with a 95 % interval, by query */
  change: Interval;
}

/**
 * Queries that one kind of typo changed at all, against themselves as they were; null if it changed none.
 *
 * @param typo  probability
 */
export function changedQueries(
  results: readonly RobustnessResult[],
  measure: string,
  model: string,
  typo: number,
): Damage | null {
  const clean = cleanResults(results);
  const pairs = results.flatMap((result) => {
    if (result.corrected || result.model !== model || result.typo !== typo) return [];
    const before = clean.get(result.id)!;
    return before.query === result.query ? [] : [{ before, after: result }];
  });
  return pairs.length === 0 ? null : damage(pairs, measure);
}

/** A kind of error, place in the word or word length, and what it does. */
export interface DamageByError extends Damage {
  by: "kind of error" | "place" | "word length";
  group: string;
}

/**
 * What one misspelled word costs a query, by the kind of error, its place in the word and the word's length. Only queries
 * count in which exactly one word differs, under any typo model and probability; a query may count several times, so the
 * intervals are of its mean over these.
 */
export function damageByError(results: readonly RobustnessResult[], measure: string): DamageByError[] {
  const clean = cleanResults(results);
  const groups = new Map<string, { before: RobustnessResult; after: RobustnessResult }[]>();
  for (const after of results) {
    if (after.model === "clean" || after.corrected) continue;
    const before = clean.get(after.id)!;
    const error = onlyError(before.query, after.query);
    if (error === null) continue;
    for (const key of keysOf(error)) {
      const list = groups.get(key) ?? [];
      groups.set(key, list);
      list.push({ before, after });
    }
  }
  return ORDER.flatMap(([by, names]) =>
    names.flatMap((group) => {
      const pairs = groups.get(`${by}/${group}`);
      return pairs ? [{ by, group, ...damage(pairs, measure) }] : [];
    }),
  );
}

/** Queries that lose most of a measure under typos, worst first: mean loss over all kinds at the highest probability. */
export function worstQueries(
  results: readonly RobustnessResult[],
  measure: string,
  count: number,
): { id: string; query: string; clean: number; misspelled: number }[] {
  const bare = results.filter((result) => !result.corrected);
  const clean = cleanResults(bare);
  // "real" comes at probability 1 in any case
  const highest = Math.max(...bare.filter((r) => r.model !== "real").map((r) => r.typo));
  const sums = new Map<string, { total: number; count: number }>();
  for (const result of bare) {
    if (result.model === "clean" || (highest > 0 && result.typo !== highest)) continue;
    const sum = sums.get(result.id) ?? { total: 0, count: 0 };
    sum.total += measured(result, measure);
    sum.count++;
    sums.set(result.id, sum);
  }
  return [...sums]
    .map(([id, sum]) => {
      const before = clean.get(id)!;
      return { id, query: before.query, clean: measured(before, measure), misspelled: sum.total / sum.count };
    })
    .sort((a, b) => b.clean - b.misspelled - (a.clean - a.misspelled))
    .slice(0, count);
}

const ORDER: readonly (readonly [DamageByError["by"], readonly string[]])[] = [
  ["kind of error", ["substitution", "insertion", "deletion", "transposition", "several"]],
  ["place", ["first letter", "inside", "last letter"]],
  ["word length", ["2–3 letters", "4–5 letters", "6–7 letters", "8 letters or more"]],
];

function keysOf({ kind, position, length }: WordError): string[] {
  const lengths = ORDER[2]![1];
  const size = length <= 3 ? lengths[0] : length <= 5 ? lengths[1] : length <= 7 ? lengths[2] : lengths[3];
  return [`kind of error/${kind}`, `place/${position}`, `word length/${size}`];
}

/** Over queries: a query that is among the pairs several times counts with its mean. */
function damage(
  pairs: readonly { before: RobustnessResult; after: RobustnessResult }[],
  measure: string,
): Damage {
  const sums = new Map<string, { clean: number; total: number; count: number }>();
  for (const { before, after } of pairs) {
    const sum = sums.get(after.id) ?? { clean: measured(before, measure), total: 0, count: 0 };
    sums.set(after.id, sum);
    sum.total += measured(after, measure);
    sum.count++;
  }
  const queries = [...sums.values()].map(({ clean, total, count }) => ({ clean, misspelled: total / count }));
  const mean = (key: "clean" | "misspelled") => queries.reduce((sum, q) => sum + q[key], 0) / queries.length;
  return {
    queries: queries.length,
    clean: mean("clean"),
    misspelled: mean("misspelled"),
    change: interval(queries.map((query) => query.misspelled - query.clean)),
  };
}

function cleanResults(results: readonly RobustnessResult[]): Map<string, RobustnessResult> {
  return new Map(results.filter((r) => r.model === "clean" && !r.corrected).map((r) => [r.id, r]));
}

function measured({ values }: RobustnessResult, measure: string): number {
  const value = ownEntry(values, measure);
  if (value === undefined)
    throw new UserError(
      `robustness: measure must be one of ${Object.keys(values).join(", ")}, got "${measure}"`,
    );
  return value;
}

function interval(values: readonly number[]): Interval {
  return bootstrapInterval(values, shownResampling);
}
