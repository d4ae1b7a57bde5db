import { z } from "zod";
import { describeRule } from "../config/describe-issue.js";
import { ownEntry } from "../files/own-entry.js";
import { UserError } from "../files/user-error.js";

/** A whole number as text. */
export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(asNumber, z.int().min(least).max(most));

/** A number as text. */
export const finiteNumber = z.preprocess(asNumber, z.number());

/** A number as text, not below the least. */
export const numberFrom = (least: number) => z.preprocess(asNumber, z.number().min(least));

/** A probability as text. */
export const probability = z.preprocess(asNumber, z.number().min(0).max(1));

/** Values with commas between. */
export const listOf = <S extends z.ZodType>(item: S) =>
  z.preprocess(
    (text) => (typeof text === "string" ? text.split(",").map((part) => part.trim()) : text),
    z.array(item).min(1),
  );

/** Seeds of repetitions: one seed twice would be one run counted as two. */
export const seedList = listOf(wholeNumber(0)).refine((seeds) => new Set(seeds).size === seeds.length, {
  error: "must be different whole numbers with commas between",
});

/**
 * Options as they were typed, checked by a schema before any work begins: strings become numbers and lists.
 *
 * @param shape  the schema of each option whose text means something; others pass as they are
 * @throws UserError one line per broken rule: `--top: must be ≥ 1, got "0"`
 */
export function checkFlags<T extends object, S extends z.ZodRawShape>(
  typed: T,
  shape: S,
): Omit<T, keyof S> & z.output<z.ZodObject<S>> {
  const given = typed as Record<string, unknown>;
  const parsed = z.looseObject(shape).safeParse(given);
  if (parsed.success) return parsed.data as Omit<T, keyof S> & z.output<z.ZodObject<S>>;
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${flagOf(name)}: ${describeRule(issue)}, got ${JSON.stringify(given[name])}`;
  });
  throw new UserError([...new Set(lines)].join("\n"));
}

/**
 * Refuses options that mean nothing beside, or without, others, instead of dropping them.
 *
 * @param unused  names of options that would be dropped
 * @param why     what they need, "with --robustness"
 */
export function refuseUnused(typed: object, unused: readonly string[], why: string): void {
  for (const name of unused) {
    const given = ownEntry(typed as Record<string, unknown>, name);
    if (given !== undefined && given !== false)
      throw new UserError(`${flagOf(name)}: must be given ${why} only, got ${JSON.stringify(given)}`);
  }
}

/** "minLength" → "--min-length", as commander names them. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Decimal notation as a number; anything else as it was, for the schema to refuse. */
function asNumber(text: unknown): unknown {
  return typeof text === "string" && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())
    ? Number(text)
    : text;
}
